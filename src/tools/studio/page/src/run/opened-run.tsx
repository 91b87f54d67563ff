/** A run that has been read: header, sentence, and one of its views beside the details. */
import { useComputed } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { storyOf } from '../../../model/story.ts';
import { go, listPath, parameters, subject } from '../address.ts';
import { useKeys } from '../parts/keys.ts';
import { show } from '../show.ts';
import { RunActions } from './actions.tsx';
import { ConversationView, turnsOf } from './conversation/conversation-view.tsx';
import { GraphView } from './graph/graph-view.tsx';
import { RunHeader } from './header.tsx';
import type { OpenRun } from './open-run.ts';
import { runState } from './run-state.ts';
import { useWide } from './screen.ts';
import { OverviewOf, Side } from './side.tsx';
import { StoryLine } from './story-line.tsx';
import { type Tab, Tabs } from './tabs.tsx';
import { Waterfall } from './waterfall/waterfall.tsx';

export function OpenedRun({ open }: { readonly open: OpenRun }) {
  const state = useMemo(() => runState(open.traceId, open.spans), [open]);
  useEffect(() => () => state.close(), [state]);
  const story = useComputed(() => storyOf(state.tree.value));
  const turns = useComputed(() => turnsOf(state.tree.value));
  const isWide = useWide();
  const run = open.run.value;
  useKeys([
    {
      keys: ['Escape'],
      label: 'Close what is open; then back to the list',
      run: () => {
        if (state.search.peek() !== '') state.search.value = '';
        else if (state.zoom.peek() !== null) state.zoomTo(null);
        else if (state.selected.peek() !== null) state.select(null);
        else go(listPath.value);
      },
    },
  ]);
  const name = run?.name ?? '';
  useEffect(() => {
    document.title = `${show(name, 80)} · Studio`;
  }, [name]);
  useEffect(() => {
    subject.value = run === undefined ? '' : `${run.name}: ${run.status}`;
    return () => {
      subject.value = '';
    };
  }, [run?.name, run?.status]);
  if (run === undefined) return null;
  const isRunning = run.status === 'running';
  const tab = tabOf(parameters.value.get('tab'), isWide);
  return (
    <div class="run">
      <RunHeader run={run}>
        <RunActions run={run} state={state} />
      </RunHeader>
      {run.droppedSpans > 0 && (
        <p class="banner">This run is not whole: it had more spans than Studio keeps of one run, or of all.</p>
      )}
      <StoryLine story={story.value} onOpen={state.goTo} />
      <Tabs tab={tab} turns={turns.value} isWide={isWide} state={state} />
      <div class="run-body">
        <div class="run-view">
          {tab === 'waterfall' && <Waterfall state={state} isRunning={isRunning} rowHeight={isWide ? 28 : 48} />}
          {tab === 'graph' && <GraphView tree={state.tree.value} onOpen={state.goTo} />}
          {tab === 'messages' && <ConversationView state={state} />}
          {tab === 'overview' && (
            <div class="side">
              <OverviewOf state={state} />
            </div>
          )}
        </div>
        <Side state={state} isRunning={isRunning} isWide={isWide} />
      </div>
    </div>
  );
}

function tabOf(wanted: string | null, isWide: boolean): Tab {
  if (wanted === 'overview') return isWide ? 'waterfall' : 'overview';
  return wanted === 'graph' || wanted === 'messages' ? wanted : 'waterfall';
}
