/** What a run is, in a few lines: everything that a row of the list says, and how to find runs like it. */
import type { ComponentChildren } from 'preact';
import type { RunFilter } from '../../../model/filter.ts';
import { writeFilter } from '../../../model/filter.ts';
import type { RunSummary } from '../../../model/run.ts';
import { formatCount, formatDuration, formatFullTime } from '../format.ts';
import { Dollars, Moment, Text, Tokens } from '../parts/cells.tsx';
import { Status } from '../parts/status.tsx';

export function RunHeader({ run, children }: { readonly run: RunSummary; readonly children?: ComponentChildren }) {
  return (
    <header class="run-header">
      <div class="run-title">
        <Status of={run.status} />
        <h1>
          <Text of={run.name || 'unnamed run'} />
        </h1>
        <span class="soft" title={formatFullTime(run.startUs)}>
          <Moment us={run.startUs} />
        </span>
        <div class="run-actions">{children}</div>
      </div>
      <dl class="run-facts">
        <Fact name="Duration">{formatDuration(run.durationUs)}</Fact>
        <Fact name="Spans">
          {formatCount(run.spans)}
          {run.errors > 0 && <span class="bad"> {formatCount(run.errors)} failed</span>}
        </Fact>
        {run.modelCalls > 0 && <Fact name="Model calls">{formatCount(run.modelCalls)}</Fact>}
        {run.modelCalls > 0 && (
          <Fact name="Tokens">
            <Tokens {...run} />
          </Fact>
        )}
        {run.modelCalls > 0 && (
          <Fact name="Dollars">
            <Dollars {...run} />
          </Fact>
        )}
        {run.retries > 0 && <Fact name="Retries">{formatCount(run.retries)}</Fact>}
        {run.cacheHits > 0 && <Fact name="Cache hits">{formatCount(run.cacheHits)}</Fact>}
        {run.models.length > 0 && (
          <Fact name="Models">
            {run.models.map((model) => (
              <Like key={model} filter={{ model }} text={model} />
            ))}
          </Fact>
        )}
        {run.service !== '' && (
          <Fact name="Service">
            <Like filter={{ service: run.service }} text={run.service} />
          </Fact>
        )}
        {run.session !== null && (
          <Fact name="Session">
            <Like filter={{ session: run.session }} text={run.session} />
          </Fact>
        )}
        {run.correlation !== null && (
          <Fact name="Correlation">
            <Like filter={{ correlation: run.correlation }} text={run.correlation} />
          </Fact>
        )}
        {run.tenant !== null && (
          <Fact name="Tenant">
            <Like filter={{ tenant: run.tenant }} text={run.tenant} />
          </Fact>
        )}
        {Object.entries(run.tags).map(([key, value]) => (
          <Fact key={key} name={key}>
            <Like filter={{ tags: { [key]: value } }} text={value} />
          </Fact>
        ))}
      </dl>
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>
        <Text of={name} length={60} />
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A value of the run that leads to the runs that have it too. */
function Like({ filter, text }: { readonly filter: RunFilter; readonly text: string }) {
  return (
    <a class="like" href={`/?${writeFilter(filter)}`} title="Runs with the same">
      <Text of={text} length={80} />
    </a>
  );
}
