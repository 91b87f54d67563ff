#!/usr/bin/env bash
# Builds the Collector of collector/otelcol/manifest.yaml from Go modules and prints the folder that holds `otelcol-tta`.
# The result lies outside of the checkout under the manifest's hash: cold it takes about seven minutes, later no time.
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
# Two runs on one machine build it once; the lock goes with the process that holds it.
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

# It writes the sources, fetches the modules and compiles with `-trimpath -ldflags '-s -w'` and the manifest's tags.
say 'generating and compiling'
(cd "$work" && nice bin/builder --config="$manifest") >"$work/log" 2>&1 || {
  tail -n 30 "$work/log" >&2
  exit 1
}

"$work/otelcol-tta/otelcol-tta" --version >&2
# Moved when whole: a build that was cut off leaves nothing that looks finished.
mkdir -p "$work/whole"
mv "$work/otelcol-tta/otelcol-tta" "$work/whole/"
rm -rf "$target"
mv "$work/whole" "$target"
say "ready, $(du -h "$target/otelcol-tta" | cut -f1)"
finish
