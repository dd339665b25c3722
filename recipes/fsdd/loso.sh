#!/usr/bin/env bash
# FSDD, leaving one speaker out: train on five speakers, test on all single digits of the sixth, six times.
#
#   recipes/fsdd/loso.sh CORPUS_DIR [--speakers "george jackson ..."] [--sessions yes] [--seed N] [--overrides "KEY=VALUE ..."]
#       [--work DIR] [--nj N]
#
# Compares the triphone GMM of the flat start with the network trained on its alignments. --nj folds run at the same time
# with one thread each and log to WORK/SPEAKER.log. Finished folds are not repeated.
# --sessions yes divides the training data into sessions with their own statistics, microphones and noises. --overrides
# changes keys of the network's configuration: --overrides "model.width=0.125 training.precision=auto".
set -euo pipefail

speakers="george jackson lucas nicolas theo yweweler"
work=exp/fsdd_loso
sessions=no
seed=0
overrides=
nj=2
only= # run the fold of this speaker; the script calls itself with it
stage=0
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }
lang=$work/lang
aligned=train recorded=train
if [ "$sessions" = yes ]; then aligned=train_sessions recorded=train_recorded; fi

if [ -n "$only" ]; then
  nj=1
  data=$work/$only/data gmm=$work/$only/tri graph=$work/$only/tri/graph network=$work/$only/bl_resnet22_a2b3
  [ ! -e "$network/test_isolated/score.json" ] || exit 0
  export OMP_NUM_THREADS=1
  python -m recipes.fsdd.prepare "$corpus" --out "$data" --leave-out "$only" --train-strings 40 --seed "$seed"
  blasr align --data "$data/$aligned" --lang "$lang" --nj 1 \
    --set triphone.num_leaves=150 --set triphone.totgauss=1500 --out "$gmm"
  blasr train "$root/conf/fsdd_bl_resnet22_a2b3.yaml" --experiment "$network" \
    --set data.train="$data/$recorded" --set data.alignments="$gmm" --set training.seed="$seed" \
    ${overrides:+$(printf -- '--set %s ' $overrides)}
  blasr graph --lang "$lang" --gmm "$gmm" --loop ZERO,ONE,TWO,THREE,FOUR,FIVE,SIX,SEVEN,EIGHT,NINE --out "$graph"
  decode_and_score "$gmm" --gmm "$gmm" dev test_isolated
  decode_and_score "$network" --experiment "$network" dev test_isolated
  exit 0
fi

mkdir -p "$work"
blasr lang --lexicon "$root/recipes/fsdd/lexicon.txt" --silence-phones SIL,SPN --oov '<UNK>' --out "$lang"
one='"$0" "$1" --work "$2" --only "$3" --sessions "$4" --seed "$5" --overrides "$6" &>"$2/$3.log" ||
  { tail -n 5 "$2/$3.log" >&2; exit 255; }'
printf '%s\n' $speakers | xargs -P "$nj" -I{} bash -c "$one" "$0" "$corpus" "$work" {} "$sessions" "$seed" "$overrides"

reports=()
for speaker in $speakers; do reports+=("gmm/$speaker=$work/$speaker/tri/test_isolated/score.json"); done
for speaker in $speakers; do
  reports+=("bl_resnet22_a2b3/$speaker=$work/$speaker/bl_resnet22_a2b3/test_isolated/score.json")
done
python -m recipes.common.results --out "$work/RESULTS" "${reports[@]}"
