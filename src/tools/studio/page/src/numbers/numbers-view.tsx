export function NumbersView() {
  return <p>Numbers</p>;
}
