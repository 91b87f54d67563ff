#!/usr/bin/env bash
# Builds Prometheus 3.13 (LTS) and its promtool, which Debian does not have, from their Go module, and prints the folder
# that has them as prometheus-3 and promtool-3. The folder is outside of the checkout and is kept: only the first run
# takes time, about five minutes on two cores. Needs Go. Messages go to stderr.
set -euo pipefail

version=v0.313.1 # The module's number of Prometheus 3.13.1.
tags=remove_all_sd,enable_kubernetes_sd,enable_dns_sd,netgo # Discovery in Kubernetes and by DNS only: no clouds.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/prometheus-$version-$key

if [[ ! -x $built/prometheus-3 || ! -x $built/promtool-3 ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/building-prometheus.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  # `go install` refuses a module with replace directives. Therefore the programs are built as tools of our own module.
  export GOWORK=off GOFLAGS=-mod=mod
  {
    go mod init ci.invalid/prometheus
    for program in prometheus promtool; do
      go get -tool "github.com/prometheus/prometheus/cmd/$program@$version"
    done
    mkdir out
    for program in prometheus promtool; do
      nice go build -trimpath -ldflags '-s -w' -tags "$tags" -o "out/$program-3" "github.com/prometheus/prometheus/cmd/$program"
    done
  } >&2
  # Moved when complete: another build may run at the same time.
  mv -T out "$built" 2>/dev/null || [[ -x $built/promtool-3 ]]
fi

printf '%s\n' "$built"
