#!/usr/bin/env bash
# Installs what checks the files of collector/compose and collector/kubernetes, and prints the folder that holds them:
# compose-config, the loader that `docker compose config` is made of, and kubernetes-validate, which brings Kubernetes'
# published schemas. The folder lies outside the checkout and is kept: cold this takes about a minute, afterwards
# nothing. Needs Go, and Python with venv; what it says goes to stderr.
set -euo pipefail

compose=v2.16.2
kubernetes=1.37.0

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/deployment-checks-$key

# A Python environment knows its own path and cannot be moved when whole: the lock and the last file stand for that.
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
