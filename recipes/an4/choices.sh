#!/usr/bin/env bash
# AN4: what each choice of the recipe is worth, one change at a time, on a part of the cross-validation.
#
#   recipes/an4/choices.sh CORPUS_DIR [--choices "base no-speeds ..."] [--folds "0 1 2"] [--width X] [--epochs N] [--seed N]
#                          [--work DIR] [--nj N]
#
# The choices are the rows of choices.tsv. Each is trained on the same alignments for the same number of epochs, tuned on the
# fold's own speakers that are held out, and compared with the first row on the fold's test speakers, by matched pairs and
# by the bootstrap over speakers. Finished runs are not repeated.
set -euo pipefail

choices=            # the names of the rows to run; all of them by default
folds=0
num_folds=3
width=0.125
epochs=8
seed=0
rate=16000
work=exp/an4_choices
nj=1
stage=0
. "$(dirname "$0")/systems.sh"
table=$root/recipes/an4/choices.tsv
[ -n "$choices" ] || choices=$(grep -v '^#' "$table" | cut -f 1)

# alignments NAME: make the alignments $fold/NAME of the training data, if they are not there.
alignments() {
  [ ! -e "$fold/$1/ali.1.gz" ] || return 0
  case "$1" in
    tri) train_gmm "$fold/tri" train ;;
    tri_leaves) gmm_options=${gmm_options/num_leaves=200/num_leaves=1800} train_gmm "$fold/$1" train ;;
    realigned) realign_with base "$1" ;;
    realigned_twice) realign_with realigned-continued "$1" ;;
  esac
}
realign_with() { run_choice "$1" && realign "$fold/$1" train "$fold/tri" "$fold/$2"; }

# run_choice NAME: train, tune and test one row on the current fold, if it is not there.
run_choice() {
  local name labels options gmm=$fold/tri
  [ ! -e "$fold/$1/test/hyp.txt" ] || return 0
  IFS=$'\t' read -r name labels options < <(grep -P "^$1\t" "$table") || true
  [ -n "$name" ] || fail "no row $1 in $table"
  alignments "$labels"
  [ "$labels" != tri_leaves ] || gmm=$fold/tri_leaves
  local graph=$gmm/graph
  blasr train "$root/conf/an4_bl_resnet22_a2b3.yaml" --experiment "$fold/$1" --set data.train="$data/train" \
    --set data.alignments="$fold/$labels" --set features.sample_rate="$rate" --set model.width="$width" \
    --set training.epochs="$epochs" --set training.seed="$seed" ${options//BASE/$fold/base}
  decode_and_score "$fold/$1" --experiment "$fold/$1" dev test
}

sets=()
for number in $folds; do
  prepare_part "$number"
  alignments tri
  for choice in $choices; do
    run_choice "$choice"
    sets+=("$choice=$data/test:$fold/$choice/test/hyp.txt")
  done
done
python -m recipes.common.pool --out "$work/RESULTS" "${sets[@]}"
