const [WIDTH, HEIGHT] = [40, 10];

/** The distribution of durations: short ones on the left, on a scale of equal ratios. */
export function Histogram({ counts }: { readonly counts: readonly number[] }) {
  const most = Math.max(1, ...counts);
  const step = WIDTH / counts.length;
  return (
    <svg class="histogram" width={WIDTH} height={HEIGHT} aria-hidden="true">
      {counts.map((count, i) => {
        // Few beside many must still be seen.
        const height = count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT);
        return <rect key={i} x={i * step} y={HEIGHT - height} width={step - 0.5} height={height} />;
      })}
    </svg>
  );
}
