#!/usr/bin/env bash
# Builds an API server of Kubernetes, its controllers and kubectl from Go modules, and prints the folder that has them.
# The folder is outside of the checkout and is kept: only the first run takes time, about ten minutes of processor time.
# Needs Go. Messages go to stderr.
set -euo pipefail

version=1.37.2
programs=(kube-apiserver kube-controller-manager kubectl)

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/kubernetes-$version-$key

if [[ ! -x $built/kubectl ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/building-kubernetes.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  export GOWORK=off GOFLAGS=-mod=mod
  {
    go mod init ci.invalid/kubernetes
    # Kubernetes requires its own libraries as v0.0.0 and replaces them with folders of its repository. The published
    # modules of the same release take their place.
    module=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
    for library in $(sed -n 's|^\t\(k8s.io/[^ ]*\) => ./staging/.*|\1|p' "$module"); do
      go mod edit -replace "$library=$library@v0${version#1}"
    done
    for program in "${programs[@]}"; do
      go get -tool "k8s.io/kubernetes/cmd/$program@v$version"
    done
    mkdir out
    for program in "${programs[@]}"; do
      nice go build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version" -o "out/$program" \
        "k8s.io/kubernetes/cmd/$program"
    done
  } >&2
  # Moved when complete: another build may run at the same time.
  mv -T out "$built" 2>/dev/null || [[ -x $built/kubectl ]]
fi

printf '%s\n' "$built"
