#!/usr/bin/env bash
# FSDD: digits of six speakers, train on 2,520 recordings, test on the others, as single digits and in strings.
#
#   recipes/fsdd/run.sh CORPUS_DIR [--connected DIR] [--sessions yes] [--seed N] [--overrides "KEY=VALUE ..."] [--stage N] [--work DIR]
#       [--nj N]
#
# CORPUS_DIR is the folder `recordings` of free-spoken-digit-dataset. --connected is a folder of digit strings to test on,
# with wav/, text and utt2spk; without it, strings are joined from the test recordings. Everything is written under --work.
# --sessions yes divides the training data into sessions with their own statistics, microphones and noises. --overrides
# changes keys of the network's configuration: --overrides "model.width=0.125 training.precision=auto".
set -euo pipefail

stage=0
work=exp/fsdd
connected=
sessions=no
seed=0
overrides=
nj=2
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }

data=$work/data lang=$work/lang gmm=$work/tri graph=$work/tri/graph network=$work/bl_resnet22_a2b3
aligned=train recorded=train
if [ "$sessions" = yes ]; then aligned=train_sessions recorded=train_recorded; fi

if stage 0 "data directories: recordings 0-4 for testing, 47-49 for tuning, the others for training"; then
  python -m recipes.fsdd.prepare "$corpus" --out "$data" --seed "$seed" ${connected:+--connected "$connected"}
fi
if stage 1 "lang"; then
  blasr lang --lexicon "$root/recipes/fsdd/lexicon.txt" --silence-phones SIL,SPN --oov '<UNK>' --out "$lang"
fi
if stage 2 "alignments from a flat start"; then
  blasr align --data "$data/$aligned" --lang "$lang" --nj "$nj" \
    --set triphone.num_leaves=150 --set triphone.totgauss=1500 --out "$gmm"
fi
if stage 3 "network"; then
  blasr train "$root/conf/fsdd_bl_resnet22_a2b3.yaml" --experiment "$network" \
    --set data.train="$data/$recorded" --set data.alignments="$gmm" --set training.seed="$seed" \
    ${overrides:+$(printf -- '--set %s ' $overrides)}
fi
if stage 4 "decoding graph: any string of digits"; then
  blasr graph --lang "$lang" --gmm "$gmm" --loop ZERO,ONE,TWO,THREE,FOUR,FIVE,SIX,SEVEN,EIGHT,NINE --out "$graph"
fi
if stage 5 "log-likelihoods, lattices, word error rates at the setting that is best on dev"; then
  decode_and_score "$gmm" --gmm "$gmm" dev test_isolated test_connected
  decode_and_score "$network" --experiment "$network" dev test_isolated test_connected
fi
reports=()
for set in dev test_isolated test_connected; do
  reports+=("gmm/$set=$gmm/$set/score.json" "bl_resnet22_a2b3/$set=$network/$set/score.json")
done
python -m recipes.common.results --out "$work/RESULTS" "${reports[@]}"
