#!/usr/bin/env bash
# Builds the Collector of collector/otelcol/manifest.yaml from Go modules and prints the folder that holds `otelcol-tta`.
# The result is outside of the checkout, named by the manifest's hash: the first build takes about seven minutes.
set -euo pipefail
manifest=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/collector/otelcol/manifest.yaml
hash=$(sha256sum "$manifest" | cut -c1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
target=$cache/otelcol-$hash

say() { printf 'collector: %s (%d s)\n' "$*" "$SECONDS" >&2; }

finish() {
  printf '%s\n' "$target"
  exit 0
}

[[ -x $target/otelcol-tta ]] && finish
mkdir -p "$cache"
# Two runs on one machine build it once. The lock ends with the process that has it.
exec 9>"$target.lock"
flock --nonblock 9 || {
  say 'another process is building it: waiting'
  flock 9
}
[[ -x $target/otelcol-tta ]] && finish

work=$(mktemp -d "$cache/building-XXXXXX")
trap 'rm -rf "$work"; kill "$heartbeat" 2>/dev/null || true' EXIT
while sleep 30; do say 'still at it'; done 9>&- &
heartbeat=$!

version=$(sed -n 's/^  version: //p' "$manifest")
say "installing the builder $version"
GOBIN=$work/bin nice go install "go.opentelemetry.io/collector/cmd/builder@v$version" >"$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  exit 1
}

# The builder writes the sources, fetches the modules, and compiles with `-trimpath -ldflags '-s -w'` and the tags.
say 'generating and compiling'
(cd "$work" && nice bin/builder --config="$manifest") >"$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  exit 1
}

"$work/otelcol-tta/otelcol-tta" --version >&2
# Moved when complete: an interrupted build leaves no folder that looks complete.
mkdir -p "$work/whole"
mv "$work/otelcol-tta/otelcol-tta" "$work/whole/"
rm -rf "$target"
mv "$work/whole" "$target"
say "ready, $(du -h "$target/otelcol-tta" | cut -f1)"
finish
