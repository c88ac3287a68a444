#!/bin/sh
# How much one model varies by the seed of its training alone: one data set, a training for each seed, a table with mean and deviation.
#
#   recipes/sweeps/seeds.sh                                              StructVAE of the quickstart from seeds 1 2 3
#   MODEL=classsfm METRIC=iou_own_map SEEDS="1 2 3 4 5" recipes/sweeps/seeds.sh
#   recipes/sweeps/seeds.sh --set train-structvae.training.steps=500     further flags go to `earthcraft run`
#
# The seeds are rows of a matrix, so what comes before the training is made once. A seed whose training is done is not trained again: a
# sweep that was stopped goes on, and a longer list adds to it.
set -eu
here=$(dirname "$0")
earthcraft=${EARTHCRAFT:-$here/../../earthcraft}
recipe=${RECIPE:-$here/../quickstart.yaml}
model=${MODEL:-structvae}
metric=${METRIC:-iou}
out=${OUT:-runs/seeds-$model}

case ${SEEDS:-1 2 3} in *\ *) ;; *) echo "SEEDS wants two or more" >&2; exit 2 ;; esac
rows=
for seed in ${SEEDS:-1 2 3}; do
  rows="$rows{ id: seed-$seed, train-$model: { seed: $seed } }, "
done
"$earthcraft" run "$recipe" --only "train-$model" --out "$out" --set "matrix=[$rows]" "$@" >&2

# `stage.json` stands on lines of its own, so that no other program is needed to read a number from it.
for seed in ${SEEDS:-1 2 3}; do
  value=$(sed -n "/^  \"metrics\"/,/^  }/s/^ *\"$metric\": \([-+.0-9e]*\),*$/\1/p" "$out/train-$model@seed-$seed/stage.json")
  printf '%s\t%s\n' "$seed" "$value"
done | awk -v metric="$metric" '
  BEGIN { print "seed\t" metric }
  { print; n++; sum += $2; squares += $2 * $2 }
  END { if (n > 1) { mean = sum / n; v = (squares - n * mean * mean) / (n - 1); printf "mean\t%.4g\ndeviation\t%.2g\n", mean, sqrt(v > 0 ? v : 0) } }
' | tee "$out/results.tsv"
