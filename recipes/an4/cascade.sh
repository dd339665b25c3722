#!/usr/bin/env bash
# AN4: cascades of the networks of cross_validation.sh and narrower ones, which pass on only what they are not sure of
# (Little-Big), on all folds together.
#
#   recipes/an4/cascade.sh CORPUS_DIR [--work DIR] [--kinds "utterance:lattice chunk:max_posterior"] [--max-degradation 0.5]
#                          [--width 0.125] [--epochs N]
#
# DIR is that of cross_validation.sh. The big network of a fold is its last one; the little one is trained on the big one's
# alignments, with the same tree. A kind is what is passed on as a whole, and the confidence. Thresholds are chosen on the
# fold's own speakers that are held out: the fewest MACs that lose at most --max-degradation points. Then the fold's test
# speakers are recognized once. Finished systems are not repeated.
set -euo pipefail

work=exp/an4_cv
kinds="utterance:lattice chunk:max_posterior"
max_degradation=0.5
chunk_frames=50
epochs=14
train_options=      # more options of blasr train
nj=2
rate=16000
width=0.125         # of the little network
seed=0
stage=0
. "$(dirname "$0")/systems.sh"

big_sets=() little_sets=() cascade_sets=() cascades=()
for folder in "$work"/fold*; do
  tuning=$folder/tuning data=$folder/data lang=$folder/lang
  gmm=$tuning/tri graph=$tuning/tri/graph big=$tuning/bl_resnet22_a2b3 little=$tuning/narrow
  [ -e "$tuning/ali_last/ali.1.gz" ] || realign "$big" train "$gmm" "$tuning/ali_last"
  if [ ! -e "$little/test/hyp.txt" ]; then
    train_network "$little" train "$tuning/ali_last" "$epochs"
    decode test "$little/test" --experiment "$little" --setting "$big/setting.json" --checkpoint final
    score test "$little/test" --setting "$big/setting.json"
  fi
  big_sets+=("big=$data/test:$big/test/hyp.txt")
  little_sets+=("little=$data/test:$little/test/hyp.txt")
  for kind in $kinds; do
    name=${kind/:/_} system=$tuning/cascade_${kind/:/_}
    if [ ! -e "$system/test/hyp.txt" ]; then
      blasr cascade tune --little "$little" --big "$big" --data "$data/dev" --graph "$graph" --lang "$lang" \
        --unit "${kind%:*}" --confidence "${kind#*:}" --chunk-frames "$chunk_frames" --max-degradation "$max_degradation" \
        --nj "$nj" --device cpu --out "$system"
      blasr cascade evaluate --experiment "$system" --data "$data/test" --graph "$graph" --lang "$lang" --nj "$nj" \
        --device cpu --out "$system/evaluated"
      decode test "$system/test" --experiment "$system"
      score test "$system/test" --setting "$system/setting.json"
    fi
    cascade_sets+=("$name=$data/test:$system/test/hyp.txt")
    cascades+=("$name=$system")
  done
done
python -m recipes.common.pool --out "$work/CASCADE.words" "${big_sets[@]}" "${little_sets[@]}" "${cascade_sets[@]}"
python -m recipes.an4.cascade_table --out "$work/CASCADE" "${cascades[@]}"
