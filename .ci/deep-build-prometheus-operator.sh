#!/usr/bin/env bash
# Builds the Prometheus Operator from its Go module and prints the folder that has it as `prometheus-operator`, with the
# definitions of its kinds in `prometheus-operator-crds`. The folder is outside of the checkout and is kept: only the first
# run takes time, about three minutes of processor time. Needs Go. Messages go to stderr.
set -euo pipefail

version=v0.85.0
module=github.com/prometheus-operator/prometheus-operator

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/prometheus-operator-$version-$key

if [[ ! -x $built/prometheus-operator ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/building-prometheus-operator.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  # `go install` refuses a module with replace directives. Therefore the program is built as a tool of our own module.
  export GOWORK=off GOFLAGS=-mod=mod
  {
    go mod init ci.invalid/prometheus-operator
    go get -tool "$module/cmd/operator@$version"
    mkdir out
    nice go build -trimpath -ldflags '-s -w' -o out/prometheus-operator "$module/cmd/operator"
    cp -r --no-preserve=mode "$(go list -m -f '{{.Dir}}' "$module")/example/prometheus-operator-crd" out/prometheus-operator-crds
  } >&2
  # Moved when complete: another build may run at the same time.
  mv -T out "$built" 2>/dev/null || [[ -x $built/prometheus-operator ]]
fi

printf '%s\n' "$built"
