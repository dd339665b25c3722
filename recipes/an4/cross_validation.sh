#!/usr/bin/env bash
# AN4, cross-validation over all 84 speakers: run.sh on every fold, and the word error rates of all folds together.
#
#   recipes/an4/cross_validation.sh CORPUS_DIR [--num-folds N] [--work DIR] [--nj N] [--run-options "--width 0.125 ..."]
#
# Each fold is tuned on its own speakers that are held out and tested on a third of all speakers, which it has never heard.
# The intervals are by the bootstrap over speakers. Finished folds are not repeated.
set -euo pipefail

num_folds=3
work=exp/an4_cv
nj=2
run_options=        # more options of run.sh
stage=0
. "$(dirname "$0")/../common/options.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }

sets=()
for fold in $(seq 0 $((num_folds - 1))); do
  folder=$work/fold$fold
  if [ ! -e "$folder/RESULTS" ]; then
    echo "== fold $fold of $num_folds (after ${SECONDS} s)" >&2
    "$root/recipes/an4/run.sh" "$corpus" --work "$folder" --nj "$nj" --folds "$num_folds" --fold "$fold" $run_options
  fi
  for system in tri bl_resnet22_a2b3; do
    sets+=("${system/tri/gmm}=$folder/data/test:$folder/tuning/$system/test/hyp.txt")
  done
done
python -m recipes.common.pool --out "$work/RESULTS" "${sets[@]}"
