#!/usr/bin/env bash
# yesno: the words YES and NO of one speaker, from 30 recordings to the word error rate on 30 others.
#
#   recipes/yesno/run.sh CORPUS_DIR [--stage N] [--work DIR] [--nj N]
#
# CORPUS_DIR is the folder waves_yesno (http://www.openslr.org/1). Everything is written under --work.
set -euo pipefail

stage=0
work=exp/yesno
nj=2
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }

data=$work/data lang=$work/lang gmm=$work/tri graph=$work/tri/graph network=$work/bl_resnet22_a2b3

if stage 0 "data directories"; then
  python -m recipes.yesno.prepare "$corpus" --out "$data"
fi
if stage 1 "lang"; then
  blasr lang --lexicon "$root/recipes/yesno/lexicon.txt" --silence-phones SIL --oov '<SIL>' --out "$lang"
fi
if stage 2 "alignments from a flat start"; then
  # Few phones, all of them frequent. Start with single Gaussians: silence and speech are easily confused.
  blasr align --data "$data/train" --lang "$lang" --nj "$nj" \
    --set monophone.num_iters=20 --set monophone.max_iter_inc=18 --set monophone.totgauss=23 \
    --set triphone.num_iters=15 --set triphone.max_iter_inc=12 --set triphone.realign_iters=[3,6,9,12] \
    --set triphone.num_leaves=30 --set triphone.totgauss=150 --out "$gmm"
fi
if stage 3 "network"; then
  blasr train "$root/conf/yesno_bl_resnet22_a2b3.yaml" --experiment "$network" \
    --set data.train="$data/train" --set data.alignments="$gmm"
fi
if stage 4 "decoding graph"; then
  blasr graph --lang "$lang" --gmm "$gmm" --loop all --out "$graph"
fi
if stage 5 "log-likelihoods, lattices, word error rates at the setting that is best on the training half"; then
  # There are noises between the words, and the words are easy to recognize: high penalties are worth trying.
  word_ins_penalties=0,2,4,6,8,10,12
  decode_and_score "$network" --experiment "$network" train test
fi
python -m recipes.common.results --out "$work/RESULTS" test="$network/test/score.json"
