# Sourced by run and deep: installs the programs that the tests need and puts them on PATH. `$work` is a folder for
# temporary files, removed at the end. With the argument `deep` also those that only the tests of .ci/deep need: the
# packages of deep_components, and what the scripts .ci/deep-build-*.sh build.

work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
# A script that is ended ends what it runs: npm and vitest would go on without it.
trap 'pkill -TERM -P $$ || true; rm -rf "$work" ${own_policy:+"$policy"}' EXIT

components=(prometheus python3-prometheus-client prometheus-alertmanager redis-server chromium chromium-driver systemd supervisor python3-venv)
deep_components=(etcd-server podman crun netavark aardvark-dns iptables busybox-static)
scripts=(.ci/build-*.sh)
if [[ ${1-} == deep ]]; then
  components+=("${deep_components[@]}")
  scripts+=(.ci/deep-build-*.sh)
fi
say() { printf '\n== %s\n' "$*"; }

install() {
  local options=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
  apt-get "${options[@]}" update &&
    apt-get "${options[@]}" install --yes --no-upgrade --no-install-recommends "${components[@]}" >"$work/apt.log" 2>&1 || {
    tail -n 20 "$work/apt.log" 2>/dev/null
    return 1
  }
}

installed=$(dpkg-query --show --showformat='${db:Status-Status}\n' "${components[@]}" 2>/dev/null | grep -cx installed) || true
if ((installed < ${#components[@]})); then
  say "installing the missing ones of ${components[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # An installed package must not start its service: the tests start the programs, on ports of their own.
  if [[ ! -e $policy ]]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  install || {
    say 'that failed; once more'
    sleep 10
    install
  }
fi

for script in "${scripts[@]}"; do
  say "$script"
  if built=$("$script"); then
    PATH=$built:$PATH
  else
    say "$script failed: the tests that need its programs fail too"
  fi
done

# Elsewhere a test whose program is missing is skipped. Here it fails.
export CI=true TTA_REQUIRE_COMPONENTS=1
