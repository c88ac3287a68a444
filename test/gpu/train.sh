#!/bin/sh
# In an unpacked bundle, on a machine with a GPU: the quickstart on it, from the sample place to the evaluation, for at most SECONDS. What there is then
# goes to OUT: summary.txt (seconds of every stage and step), summary.json (the report's figures), run.log, and records, logs, pictures and weights as
# one tar archive in pieces: cat OUT/quickstart.tar.* | tar -xf -
#
#     train.sh OUT [SECONDS] [flags of earthcraft run …]
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
seconds=${2:-540}
shift
[ $# -eq 0 ] || shift
. "$(dirname "$0")/environment.sh"
run=$root/runs/gpu
status=0
# An interrupt lets a training save a checkpoint.
timeout -s INT -k 30 "$seconds" ./earthcraft run recipes/quickstart.yaml --device cuda --out "$run" "$@" >"$out/run.log" 2>&1 || status=$?
[ ! -f "$run/report/summary.json" ] || cp "$run/report/summary.json" "$out/summary.json"
python3 - "$run" >"$out/summary.txt" <<'PYTHON'
import json, pathlib, sys

for path in sorted(pathlib.Path(sys.argv[1]).glob("*/stage.json"), key=lambda path: json.loads(path.read_text())["finished"]):
    stage = json.loads(path.read_text())
    step = next((s["metrics"]["seconds_per_step"] for s in stage["sections"] if "seconds_per_step" in s.get("metrics", {})), None)
    print(f"{stage['id']:18} {stage['seconds']:8.1f} s" + (f"  {1000 * step:7.1f} ms a step" if step else ""))
PYTHON
cd "$run"
find . -maxdepth 2 \( -name '*.json' -o -name '*.jsonl' -o -path './train-*' -type f -o -path './sample-*' -name '*.png' -o -path './e*' -name '*.png' \) \
  -not -path './.*/*' | tar -cf - -T - | split -b 15000000 - "$out/quickstart.tar."
tail -n 25 "$out/run.log"
cat "$out/summary.txt"
exit "$status"
