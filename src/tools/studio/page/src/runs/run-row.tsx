import type { RunSummary } from '../../../model/run.ts';
import { formatCount, formatDuration } from '../format.ts';
import { Dollars, Moment, Nothing, Text, Tokens } from '../parts/cells.tsx';
import { Status } from '../parts/status.tsx';
import { show } from '../show.ts';

export interface RunRowProps {
  readonly run: RunSummary;
  readonly index: number;
  /** From the top of the list, in pixels. */
  readonly top: number;
  readonly isActive: boolean;
  readonly isPicked: boolean;
  readonly onOpen: () => void;
  readonly onPick: () => void;
}

export const rowId = (traceId: string) => `run-${traceId}`;

export function RunRow({ run, index, top, isActive, isPicked, onOpen, onPick }: RunRowProps) {
  return (
    <div
      role="row"
      id={rowId(run.traceId)}
      class={`row${isActive ? ' active' : ''}${isPicked ? ' picked' : ''}`}
      aria-rowindex={index + 2}
      aria-selected={isActive}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => {
        // Text that the reader marks, and the row's own link and box, are not a click on the row.
        const isOwn = event.target instanceof Element && event.target.closest('a, input') !== null;
        if (!isOwn && getSelection()?.isCollapsed !== false) onOpen();
      }}
    >
      <div role="gridcell" class="pick">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={isPicked}
          aria-label={`Compare ${show(run.name, 120)}`}
          title="Compare (x)"
          onChange={onPick}
        />
      </div>
      <div role="gridcell" class="what">
        <Status of={run.status} />
      </div>
      <div role="gridcell" class="name">
        <a href={`/run/${run.traceId}`} tabIndex={-1}>
          <Text of={run.name} length={120} />
        </a>
      </div>
      <div role="gridcell" class="service soft">
        <Text of={run.service} length={80} />
      </div>
      <div role="gridcell" class="why">
        <Why run={run} />
      </div>
      <div role="gridcell" class="number spans">
        {formatCount(run.spans)}
      </div>
      <div role="gridcell" class="number duration">
        {formatDuration(run.durationUs)}
      </div>
      <div role="gridcell" class="number tokens">
        <Tokens {...run} />
      </div>
      <div role="gridcell" class="number dollars">
        <Dollars {...run} />
      </div>
      <div role="gridcell" class="when">
        <Moment us={run.startUs} />
      </div>
    </div>
  );
}

/** What failed; where nothing did, what the run had to put up with, its tags and its models. */
function Why({ run }: { readonly run: RunSummary }) {
  const absorbed = [
    run.errors > 0 &&
      run.failure === null &&
      `${formatCount(run.errors)} ${run.errors === 1 ? 'error' : 'errors'} absorbed`,
    run.retries > 0 && `${formatCount(run.retries)} ${run.retries === 1 ? 'retry' : 'retries'}`,
    run.cacheHits > 0 && `${formatCount(run.cacheHits)} from cache`,
    run.droppedSpans > 0 && `${formatCount(run.droppedSpans)} spans no longer kept`,
  ].filter((each) => each !== false);
  const tags = Object.entries(run.tags).slice(0, 4);
  return (
    <>
      {run.failure !== null && (
        <span class="failed">
          <Text of={run.failure || 'failed without a message'} />
        </span>
      )}
      {absorbed.length > 0 && <span class="soft">{absorbed.join(', ')}</span>}
      {tags.map(([key, value]) => (
        <span class="tag" key={key}>
          <Text of={key} length={30} /> <Text of={value} length={60} />
        </span>
      ))}
      {run.models.slice(0, 3).map((model) => (
        <span class="tag model" key={model}>
          <Text of={model} length={60} />
        </span>
      ))}
      {run.failure === null && absorbed.length + tags.length + run.models.length === 0 && <Nothing />}
    </>
  );
}
