#!/bin/sh
# In an unpacked bundle, on a machine with a GPU: runs test/gpu (or the files named) on the torch that python3 would import.
set -eu
. "$(dirname "$0")/environment.sh"
[ $# -gt 0 ] || set -- ./test/gpu
exec ./earthcraft bun test --timeout=600000 "$@"
