#!/usr/bin/env bash
# Builds nats-server from its Go module and prints the folder that has it: Debian's is too old for the JetStream that the
# tests need. The folder is outside of the checkout and is kept: only the first run takes time, about two minutes of
# processor time. Needs Go. Messages go to stderr.
set -euo pipefail

version=v2.15.3

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/nats-$version-$key

if [[ ! -x $built/nats-server ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/building-nats.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  GOBIN=$work/out nice go install -trimpath -ldflags '-s -w' "github.com/nats-io/nats-server/v2@$version" >&2
  # Moved when complete: another build may run at the same time.
  mv -T "$work/out" "$built" 2>/dev/null || [[ -x $built/nats-server ]]
fi

printf '%s\n' "$built"
