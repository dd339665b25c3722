#!/usr/bin/env bash
# AN4: train the networks of finished folds further with sequence criteria, and compare them on all folds together.
#
#   recipes/an4/sequence.sh CORPUS_DIR [--work DIR] [--criteria "cross_entropy lfmmi smbr"] [--train-options "--set ..."]
#
# DIR is that of cross_validation.sh. Every criterion starts from the last network of a fold, on its alignments, and trains
# as long, at the same learning rate: cross_entropy is the control. The settings are tuned on the fold's own speakers that
# are held out. Finished systems are not repeated.
set -euo pipefail

work=exp/an4_cv
criteria="cross_entropy lfmmi smbr"
train_options= # more options of blasr train, such as --set sequence.boost=0.1
nj=2
rate=16000
width=0.25
seed=0
stage=0
. "$(dirname "$0")/systems.sh"

# train_sequence OUT CRITERION TUNING: a network from the last one in TUNING.
train_sequence() {
  blasr train "$root/conf/an4_bl_resnet22_a2b3_sequence.yaml" --experiment "$1" --set training.criterion="$2" \
    --set initialize_from="$3/bl_resnet22_a2b3" --set data.train="$data/train" --set data.alignments="$3/ali_last" \
    --set features.sample_rate="$rate" --set model.width="$width" --set training.seed="$seed" $train_options
}

sets=()
for folder in "$work"/fold*; do
  tuning=$folder/tuning data=$folder/data lang=$folder/lang
  gmm=$tuning/tri graph=$tuning/tri/graph
  if [ ! -e "$tuning/ali_last/ali.1.gz" ]; then
    realign "$tuning/bl_resnet22_a2b3" train "$gmm" "$tuning/ali_last"
  fi
  sets+=("bl_resnet22_a2b3=$data/test:$tuning/bl_resnet22_a2b3/test/hyp.txt")
  for criterion in $criteria; do
    system=$tuning/sequence_$criterion
    if [ ! -e "$system/test/hyp.txt" ]; then
      train_sequence "$system" "$criterion" "$tuning"
      blasr tune --experiment "$system" --data "$data/dev" --graph "$graph" --lang "$lang" --nj "$nj" \
        --prior-scales 0.4,0.6,0.8,1.0 --lm-weights "$lm_weights" --word-ins-penalties="$word_ins_penalties"
      decode test "$system/test" --experiment "$system"
      score test "$system/test" --setting "$system/setting.json"
    fi
    sets+=("$criterion=$data/test:$system/test/hyp.txt")
  done
done
python -m recipes.common.pool --out "$work/SEQUENCE" "${sets[@]}"
