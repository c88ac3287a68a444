#!/bin/sh
# In an unpacked bundle, on a machine with a GPU: runs test/gpu (or the files named) on the torch that python3 would import.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
torch=$(python3 -c 'import importlib.util as u; print(list(u.find_spec("torch").submodule_search_locations)[0])')
export EARTHCRAFT_BUN="$root/bin/bun" EARTHCRAFT_LIBTORCH="$torch" EARTHCRAFT_NATIVE="$root/lib/libearthcraft.so"
export LD_LIBRARY_PATH="$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" NO_COLOR=1
cd "$root"
[ $# -gt 0 ] || set -- ./test/gpu
exec ./earthcraft bun test --timeout=600000 "$@"
