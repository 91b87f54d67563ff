#!/usr/bin/env bash
# Builds Jaeger 2.13 from its Go module and prints the folder that has it as `jaeger`. Its user interface is a placeholder:
# the module does not contain the built page. The folder is outside of the checkout and is kept: only the first run takes
# time, about seven minutes of processor time. Needs Go. Messages go to stderr.
set -euo pipefail

version=v1.76.0 # The module's number of Jaeger 2.13.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/jaeger-$version-$key

if [[ ! -x $built/jaeger ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/building-jaeger.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  # `go install` refuses a module with replace directives. Therefore the program is built as a tool of our own module.
  export GOWORK=off GOFLAGS=-mod=mod
  {
    go mod init ci.invalid/jaeger
    go get -tool "github.com/jaegertracing/jaeger/cmd/jaeger@$version"
    mkdir out
    nice go build -trimpath -ldflags '-s -w' -o out/jaeger github.com/jaegertracing/jaeger/cmd/jaeger
  } >&2
  # Moved when complete: another build may run at the same time.
  mv -T out "$built" 2>/dev/null || [[ -x $built/jaeger ]]
fi

printf '%s\n' "$built"
