/** What the colours and signs mean. */
export function Legend() {
  return (
    <div class="legend">
      <Colour group="model" name="model" />
      <Colour group="task" name="task, tool" />
      <Colour group="flow" name="flow, agent" />
      <Colour group="resilience" name="resilience" />
      <Colour group="cache" name="cache" />
      <span>
        <i class="failed" /> failed
      </span>
      <span>
        <i class="wait" /> waited
      </span>
      <span>
        <i class="retry" /> failed try
      </span>
      <span>
        <i class="first-chunk" /> first chunk
      </span>
    </div>
  );
}

function Colour({ group, name }: { readonly group: string; readonly name: string }) {
  return (
    <span class={`group-${group}`}>
      <i /> {name}
    </span>
  );
}
