#!/usr/bin/env bash
# AN4: a network twice as wide as that of run.sh, and cascades that compute only what is hard with it (Little-Big).
#
#   recipes/an4/cascade.sh CORPUS_DIR [--work DIR] [--kinds "chunk:max_posterior utterance:lattice"] [--max-degradation 0.5]
#                          [--little DIR --name weak]
#
# DIR is that of run.sh, which must have finished. Its network of the training speakers is the little one; the big one is
# trained on its alignments, with the same tree. The thresholds are chosen on the held-out training speakers, and tested once.
# A kind is what is passed on as a whole, and the confidence. --little names another little network of the same tree, such as
# DIR/tuning/pass1, and --name what its outputs are called. Two errors of the held-out speakers' 406 words are 0.49 points.
# Finished systems are not repeated.
set -euo pipefail

work=exp/an4
kinds="chunk:max_posterior utterance:max_posterior utterance:lattice"
max_degradation=0.5
little=             # by default the last network that run.sh tuned
name=cascade
chunk_frames=50
epochs=14
train_options=      # more options of blasr train
nj=2
rate=16000
width=0.5           # of the big network
seed=0
stage=0
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"
. "$root/recipes/an4/systems.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }

data=$work/data lang=$work/lang gmm=$work/tuning/tri graph=$work/tuning/tri/graph
tuned=$work/tuning/bl_resnet22_a2b3 big=$work/wide
little=${little:-$tuned}
if [ ! -e "$big/setting.json" ]; then
  [ -e "$big/alignments/ali.1.gz" ] || realign "$tuned" train "$gmm" "$big/alignments"
  train_network "$big" train "$big/alignments" "$epochs"
  blasr tune --experiment "$big" --data "$data/dev" --graph "$graph" --lang "$lang" --nj "$nj" \
    --prior-scales 0.2,0.4,0.6,0.8,1.0 --lm-weights "$lm_weights" --word-ins-penalties="$word_ins_penalties"
fi
for kind in $kinds; do
  unit=${kind%:*} confidence=${kind#*:}
  system=$work/${name}_${unit}_$confidence
  if [ ! -e "$system/cascade.json" ]; then
    blasr cascade tune --little "$little" --big "$big" --data "$data/dev" --graph "$graph" --lang "$lang" \
      --unit "$unit" --confidence "$confidence" --chunk-frames "$chunk_frames" --max-degradation "$max_degradation" \
      --nj "$nj" --device cpu --out "$system"
  fi
  if [ ! -e "$system/test/cascade.json" ]; then
    blasr cascade evaluate --experiment "$system" --data "$data/test" --graph "$graph" --lang "$lang" --nj "$nj" \
      --device cpu --out "$system/test"
  fi
done
python -m recipes.an4.cascade_table --out "$work/${name^^}" "$work/$name"_*
