export function CompareView({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    <p>
      {before} {after}
    </p>
  );
}
