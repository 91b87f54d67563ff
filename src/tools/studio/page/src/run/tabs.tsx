/** The views of a run. Which one is open stands in the address. */
import { factsOf } from '../../../model/facts.ts';
import type { TreeNode } from '../../../model/tree.ts';
import { go, withParameters } from '../address.ts';
import { formatCount } from '../format.ts';
import { useKeys } from '../parts/keys.ts';
import type { RunState } from './run-state.ts';
import { SearchBox } from './search-box.tsx';

export type Tab = 'waterfall' | 'graph' | 'messages' | 'overview';

export interface TabsProps {
  readonly tab: Tab;
  /** Model calls and tools. */
  readonly turns: readonly TreeNode[];
  readonly isWide: boolean;
  readonly state: RunState;
}

export function Tabs({ tab, turns, isWide, state }: TabsProps) {
  const calls = turns.filter(({ span }) => factsOf(span).isModelCall).length;
  const tools = turns.length - calls;
  const open = (wanted: Tab) => go(pathOf(wanted), { replace: true });
  useKeys([
    { keys: ['w'], label: 'Waterfall', run: () => open('waterfall') },
    { keys: ['g'], label: 'Graph', run: () => open('graph') },
    { keys: ['m'], label: 'Model calls and tools', run: () => open('messages') },
  ]);
  return (
    <div class="tabs">
      <nav aria-label="Views of the run">
        <TabLink name="waterfall" tab={tab}>
          Waterfall
        </TabLink>
        <TabLink name="graph" tab={tab}>
          Graph
        </TabLink>
        {turns.length > 0 && (
          <TabLink name="messages" tab={tab}>
            {[calls > 0 && `Model calls ${formatCount(calls)}`, tools > 0 && `Tools ${formatCount(tools)}`]
              .filter((each) => each !== false)
              .join(', ')}
          </TabLink>
        )}
        {!isWide && (
          <TabLink name="overview" tab={tab}>
            Overview
          </TabLink>
        )}
      </nav>
      <SearchBox state={state} onFind={() => tab !== 'waterfall' && open('waterfall')} />
    </div>
  );
}

const pathOf = (tab: Tab) => withParameters({ tab: tab === 'waterfall' ? null : tab });

function TabLink({ name, tab, children }: { readonly name: Tab; readonly tab: Tab; readonly children: string }) {
  return (
    <a href={pathOf(name)} aria-current={name === tab ? 'page' : undefined}>
      {children}
    </a>
  );
}
