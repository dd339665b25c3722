#!/usr/bin/env bash
# AN4: the networks of cross_validation.sh as binary patterns (SEP-Nets), trained further, against their form in float, on all
# folds together; and the size of each file.
#
#   recipes/an4/patterns.sh CORPUS_DIR [--work DIR] [--forms "float signs int8 patterns"] [--keep "[stem]"]
#                           [--train-options "--set ..."]
#
# DIR is that of cross_validation.sh. Every form starts from the last network of a fold, on its alignments. Forms: 1x1
# convolutions in float (the paper's), the same with signs that are trained, 1x1 with 8 bits, 1x1 as patterns too (but not
# the output layer, which is a 1x1 convolution). Settings are tuned on the fold's own speakers that are held out. Finished
# systems are not repeated.
set -euo pipefail

work=exp/an4_cv
forms="float signs int8 patterns"
keep="[stem]"       # what stays in float
train_options=      # more options of blasr train, such as --set training.epochs=2
nj=2
rate=16000
width=0.25
seed=0
stage=0
. "$(dirname "$0")/systems.sh"

# train_patterns OUT FORM TUNING: the second stage of the last network in TUNING.
train_patterns() {
  local kept=$keep signs=fixed pointwise=$2
  [ "$2" != patterns ] || kept=${keep%]},output]
  [ "$2" != signs ] || signs=trained pointwise=float
  blasr train "$root/conf/an4_bl_resnet22_a2b3_patterns.yaml" --experiment "$1" --set binarize.pointwise="$pointwise" \
    --set binarize.signs="$signs" --set binarize.keep="$kept" --set initialize_from="$3/bl_resnet22_a2b3" --set data.train="$data/train" \
    --set data.alignments="$3/ali_last" --set features.sample_rate="$rate" --set model.width="$width" \
    --set training.seed="$seed" $train_options
}

sets=() sizes=()
for folder in "$work"/fold*; do
  tuning=$folder/tuning data=$folder/data lang=$folder/lang
  gmm=$tuning/tri graph=$tuning/tri/graph network=$tuning/bl_resnet22_a2b3
  [ -e "$tuning/ali_last/ali.1.gz" ] || realign "$network" train "$gmm" "$tuning/ali_last"
  sets+=("in_float=$data/test:$network/test/hyp.txt")
  sizes+=("in_float=$network/final.safetensors")
  for form in $forms; do
    system=$tuning/patterns_$form
    if [ ! -e "$system/test/hyp.txt" ]; then
      train_patterns "$system" "$form" "$tuning"
      blasr tune --experiment "$system" --data "$data/dev" --graph "$graph" --lang "$lang" --nj "$nj" \
        --prior-scales 0.4,0.6,0.8,1.0 --lm-weights "$lm_weights" --word-ins-penalties="$word_ins_penalties"
      decode test "$system/test" --experiment "$system"
      score test "$system/test" --setting "$system/setting.json"
    fi
    sets+=("patterns_$form=$data/test:$system/test/hyp.txt")
    sizes+=("patterns_$form=$system/final.safetensors")
  done
done
python -m recipes.common.pool --out "$work/PATTERNS" "${sets[@]}"
python -m recipes.an4.sizes --out "$work/PATTERNS.sizes" "${sizes[@]}"
