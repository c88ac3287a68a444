# Read by the scripts beside it in an unpacked bundle: where bun, torch and the two libraries are.
root=${root:-$(cd "$(dirname "$0")/../.." && pwd)}
torch=$(python3 -c 'import importlib.util as u; print(list(u.find_spec("torch").submodule_search_locations)[0])')
export EARTHCRAFT_BUN="$root/bin/bun" EARTHCRAFT_LIBTORCH="$torch" EARTHCRAFT_NATIVE="$root/lib/libearthcraft.so"
export LD_LIBRARY_PATH="$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" NO_COLOR=1
cd "$root"
