#!/bin/sh
# `make bench DEVICE=cuda`: ours beside PyTorch on a GPU; see bench.ts for the flags. In an unpacked bundle bun, libraries and torch are found by
# themselves, elsewhere `earthcraft setup --cuda` built them.
#
#     run.sh OUT [flags]
set -eu
out=$(mkdir -p "${1:-build/bench-gpu}" && cd "${1:-build/bench-gpu}" && pwd)
[ $# -eq 0 ] || shift
root=$(cd "$(dirname "$0")/../../.." && pwd)
if [ -x "$root/bin/bun" ]; then . "$root/test/gpu/environment.sh"; fi
cd "$root"
exec ./earthcraft bun test/bench/gpu/bench.ts "$out" "$@"
