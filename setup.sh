#!/usr/bin/env bash
# Installs what Kiln needs, on Debian 12 or a relative of it. This is the only list of packages.
#
#   ./setup.sh            everything: to build, run, test, measure and check Kiln
#   ./setup.sh --run      only what building and running need, which is enough for ./run
#   ./setup.sh --list     print the packages, one a line; with --run, only those that --run installs
#
# Nothing happens when all is there. sudo is used only when something is missing and the user is not root. Services that
# packages bring (PostgreSQL, Redis, nginx) are not started and no database cluster is made: the tests start their own,
# in temporary folders.
set -euo pipefail

for_running=(
  # build
  g++ make cmake ninja-build pkg-config git
  # libraries of the engine and the command line
  libboost1.81-dev nlohmann-json3-dev libsimdjson-dev libsqlite3-dev libssl-dev zlib1g-dev libcurl4-openssl-dev
  libre2-dev libpcre2-dev libarchive-dev libfmt-dev libcli11-dev libpugixml-dev libcbor-dev libyaml-cpp-dev liburing-dev
  # libraries of the functions
  libpq-dev libhiredis-dev
  # functions in Python, what their channel's memory is built with, and the report of ./run, which asks as a user of
  # boto3 would
  python3 python3-dev python3-boto3
  # the packages of functions, and what fetches the CDK
  zip unzip curl ca-certificates
)
for_all=(
  # build again and again
  build-essential ccache
  # tests: unit tests, the clients under test, the databases that functions talk to, the browser for result pages
  libgtest-dev libgmock-dev python3-pytest python3-pytest-xdist python3-pyte python3-yaml awscli postgresql redis-server chromium
  # debuggers, which tests attach to functions
  gdb gdbserver python3-debugpy
  # benchmarks: micro benchmarks, a rival and a second load generator
  libbenchmark-dev nginx-light wrk
  # what the tests count instructions with
  valgrind
  # checks: format, names and likely bugs, sanitizers and fuzzing
  clang clang-format clang-tidy libclang-rt-14-dev
  # the ways to install: a clean root, packages, images and what runs them
  debootstrap dpkg-dev file buildah crun runc
  # tools that scripts use
  jq procps
)
# Functions in JavaScript run on the machine's node, whoever installed it.
command -v node >/dev/null || for_running+=(nodejs)
command -v npm >/dev/null || for_running+=(npm)

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0"; }
folders=(tests/node stacks)
packages=("${for_running[@]}" "${for_all[@]}")
list=no
for argument in "$@"; do
  case $argument in
    --run) packages=("${for_running[@]}"); folders=(stacks) ;;
    --list) list=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
if [[ $list == yes ]]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup.sh: this is not a Debian system; install the counterparts of: ${packages[*]}" >&2
  exit 1
fi

# What the tests and the stacks take from npm: installed anew when the list has changed.
node_packages() {
  local folder lock
  for folder in "${folders[@]}"; do
    folder=$(dirname "${BASH_SOURCE[0]}")/$folder
    lock=$folder/node_modules/.installed-lock
    cmp -s "$folder/package-lock.json" "$lock" && continue
    npm ci --prefix "$folder" --no-audit --no-fund --no-update-notifier --ignore-scripts
    cp "$folder/package-lock.json" "$lock"
  done
}

# A package counts as there when it is installed, or when an installed one provides it.
missing=()
declare -A installed=()
while IFS=$'\t' read -r name status provides; do
  [[ $status == "ii "* ]] || continue
  installed[$name]=1
  for virtual in ${provides//,/ }; do installed[$virtual]=1; done
done <<<"$(dpkg-query -W -f '${Package}\t${db:Status-Abbrev}\t${Provides}\n' 2>/dev/null)"
for package in "${packages[@]}"; do
  [[ -n ${installed[$package]:-} ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  node_packages
  exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: packages are missing and there is no sudo; as root, run:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "setup.sh: installing ${#missing[@]} packages: ${missing[*]}"

# While packages are installed, policy-rc.d tells them not to start services. An existing file is put back afterwards.
policy=/usr/sbin/policy-rc.d
saved=""
restore_policy() {
  if [[ -n $saved ]]; then
    "${as_root[@]}" mv -f "$saved" "$policy"
  else
    "${as_root[@]}" rm -f "$policy"
  fi
}
if [[ -e $policy ]]; then
  saved=$policy.before-kiln
  "${as_root[@]}" cp -a "$policy" "$saved"
fi
trap restore_policy EXIT
printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
"${as_root[@]}" chmod 755 "$policy"

# PostgreSQL's package would make a cluster and a service for it. The setting must be there before the package is; the
# file belongs to postgresql-common, so dpkg is told to keep ours.
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
  conf=/etc/postgresql-common/createcluster.conf
  if ! grep -qs '^create_main_cluster *= *false' "$conf"; then
    "${as_root[@]}" mkdir -p "${conf%/*}"
    echo 'create_main_cluster = false' | "${as_root[@]}" tee -a "$conf" >/dev/null
  fi
fi

install_packages() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 "${missing[@]}"
}
log=$(mktemp)
# The package lists may be absent or old: fetched only when an installation without them fails.
if ! install_packages >"$log" 2>&1; then
  echo "setup.sh: fetching the package lists"
  "${as_root[@]}" apt-get update -q -o DPkg::Lock::Timeout=300 >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  install_packages >"$log" 2>&1 || {
    cat "$log" >&2
    rm -f "$log"
    echo "setup.sh: apt-get could not install the packages; see above" >&2
    exit 1
  }
fi
rm -f "$log"
node_packages
echo "setup.sh: done"
