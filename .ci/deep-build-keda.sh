#!/usr/bin/env bash
# Prints a folder with the definition of KEDA's ScaledObject, of its Go module. It can be executed, only so that tests find it
# on PATH as they find programs. The folder is outside of the checkout and is kept. Needs Go. Messages go to stderr.
set -euo pipefail

version=v2.18.1
module=github.com/kedacore/keda/v2

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/keda-$version-$key

if [[ ! -x $built/keda-scaledobjects.yaml ]]; then
  mkdir -p "$built"
  # The module itself is enough: nothing is built.
  folder=$(cd / && go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  install -m 755 "$folder/config/crd/bases/keda.sh_scaledobjects.yaml" "$built/keda-scaledobjects.yaml.part"
  mv "$built/keda-scaledobjects.yaml.part" "$built/keda-scaledobjects.yaml"
fi

printf '%s\n' "$built"
