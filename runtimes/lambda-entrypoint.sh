#!/bin/sh
# lambda-entrypoint.sh HANDLER: starts the runtime with another handler than the function's.
if [ $# -ne 1 ]; then
  echo "entrypoint requires the handler name to be the first argument" 1>&2
  exit 142
fi
export _HANDLER="$1"
exec "${LAMBDA_RUNTIME_DIR:-/var/runtime}/bootstrap"
