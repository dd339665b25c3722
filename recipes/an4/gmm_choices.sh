#!/usr/bin/env bash
# AN4: what the options of the GMM are worth, on a part of the cross-validation.
#
#   recipes/an4/gmm_choices.sh CORPUS_DIR [--choices "base kaldi ..."] [--folds "0 1 2"] [--work DIR] [--nj N]
#
# The choices are the rows of gmm_choices.tsv. Each is tuned on the fold's own speakers that are held out, and compared with
# the first one on the fold's test speakers. A row takes about 2 minutes. Finished rows are not repeated.
set -euo pipefail

choices=            # the names of the rows to run; all of them by default
folds=0
num_folds=3
rate=16000
work=exp/an4_gmm_choices
nj=1
stage=0
. "$(dirname "$0")/systems.sh"
table=$root/recipes/an4/gmm_choices.tsv
[ -n "$choices" ] || choices=$(grep -v '^#' "$table" | cut -f 1)

sets=()
for number in $folds; do
  prepare_part "$number"
  for choice in $choices; do
    gmm=$fold/$choice graph=$fold/$choice/graph
    if [ ! -e "$gmm/test/hyp.txt" ]; then
      IFS=$'\t' read -r name gmm_options < <(grep -P "^$choice\t" "$table") || fail "no row $choice in $table"
      train_gmm "$gmm" train
      decode_and_score "$gmm" --gmm "$gmm" dev test
    fi
    sets+=("$choice=$data/test:$gmm/test/hyp.txt")
  done
done
python -m recipes.common.pool --out "$work/RESULTS" "${sets[@]}"
