#!/usr/bin/env bash
# Installs the programs that check the files of collector/compose and collector/kubernetes, and prints their folder:
# compose-config, the loader of `docker compose config`, and kubernetes-validate, which has the published schemas of
# Kubernetes. The folder is outside of the checkout and is kept: only the first run takes time, about a minute. Needs
# Go, and Python with venv. Messages go to stderr.
set -euo pipefail

compose=v2.16.2
kubernetes=1.37.0

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/deployment-checks-$key

# A Python environment contains its own path and cannot be moved. Therefore a lock, and a file that is written last.
mkdir -p "$cache"
exec 9>"$built.lock"
flock 9
if [[ ! -e $built/complete ]]; then
  rm -rf "$built"
  mkdir -p "$built/bin"
  {
    GOBIN=$built/go nice go install "github.com/compose-spec/compose-go/v2/cmd@$compose"
    mv "$built/go/cmd" "$built/bin/compose-config"
    python3 -m venv "$built/python"
    "$built/python/bin/pip" install --quiet --disable-pip-version-check "kubernetes-validate==$kubernetes"
    ln -s ../python/bin/kubernetes-validate "$built/bin/kubernetes-validate"
  } >&2
  touch "$built/complete"
fi

printf '%s\n' "$built/bin"
