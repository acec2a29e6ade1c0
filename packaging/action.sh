#!/usr/bin/env bash
# What action.yml runs: installs Kiln if it isn't there, starts it in the background, and tells the following steps.
set -euo pipefail

if ! command -v kiln >/dev/null; then
  package=${KILN_PACKAGE:-}
  if [[ -z $package ]]; then
    if [[ -z ${KILN_REPOSITORY:-} ]]; then
      echo "Kiln is not installed: give the action the input package, or repository, whose releases have one" >&2
      exit 1
    fi
    # Used by its name, the action is a release; in a folder it is the version that stands there.
    version=$(sed -n 's/^project(kiln VERSION \([0-9.]*\).*/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../CMakeLists.txt")
    ref=${KILN_REF:-v$version}
    package=https://github.com/$KILN_REPOSITORY/releases/download/$ref/kiln_${ref#v}_$(dpkg --print-architecture).deb
  fi
  if [[ $package == http*://* ]]; then
    curl -fsSL --retry 3 -o "$RUNNER_TEMP/kiln.deb" "$package"
    package=$RUNNER_TEMP/kiln.deb
  fi
  sudo apt-get install -y --no-install-recommends "$(realpath "$package")"
fi

state=$RUNNER_TEMP/kiln
mkdir -p "$state"
: >"$state/out" # there before it is read
# shellcheck disable=SC2086  # the arguments are words
nohup kiln serve --data-dir "$state/data" ${KILN_ARGUMENTS:-} >"$state/out" 2>"$state/err" &
echo $! >"$state/pid"
endpoint=""
for _ in $(seq 1 300); do
  endpoint=$(sed -n 's/^kiln listening on //p' "$state/out")
  [[ -n $endpoint ]] && break
  kill -0 "$(cat "$state/pid")" 2>/dev/null || break
  sleep 0.1
done
if [[ -z $endpoint ]]; then
  cat "$state/err" >&2
  echo "Kiln did not start; its messages are above" >&2
  exit 1
fi
kiln env --endpoint "$endpoint" --form dotenv >>"$GITHUB_ENV"
echo "endpoint=$endpoint" >>"$GITHUB_OUTPUT"
echo "Kiln listens on $endpoint"
