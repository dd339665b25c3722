#!/usr/bin/env bash
# AN4: spelled names, numbers and commands of 84 speakers, from CMU's files to word error rates on the official test set.
#
#   recipes/an4/run.sh CORPUS_DIR [--rate 8000] [--folds N --fold K] [--missing-words drop] [--short] [--stage N]
#                      [--work DIR] [--nj N]
#
# CORPUS_DIR is the folder an4 with etc/ and wav/ (.flac, .wav, .sph, or .raw of either byte order). A GMM teaches a network,
# the network aligns the data anew, and is trained on. Everything is tuned on training speakers that are held out; then the
# same is trained on all training speakers and tested with the frozen setting. With --folds, the test set is the part K
# (from 0) of all speakers, and the systems that were tuned are tested. Everything is written under --work.
set -euo pipefail

stage=0
work=exp/an4
nj=2
rate=16000
folds=              # parts of a cross-validation over all speakers; see cross_validation.sh
fold=0
seed=0              # of the split and of the networks
states=             # HMM states of every phone; 3, and 5 of silence, by default
missing_words=error
width=0.25
epochs="10 14"   # of each pass; the later ones start from the network of the one before, on its alignments
final_epochs="12"   # of the passes over all training speakers; the first starts from the network that was tuned
short=false         # little data and few epochs, to see that everything runs
train_options=      # more options of blasr train, such as --set augmentation.gain_db=6
. "$(dirname "$0")/systems.sh"
train=train
[ "$short" = false ] || { epochs="5 3" width=0.125 train=train_short train_options="--set chunks.batch_frames=200"; }

data=$work/data lang=$work/lang lm=$work/lm.arpa

if stage 0 "data directories and lexicon"; then
  python -m recipes.an4.prepare "$corpus" --out "$data" --rate "$rate" --missing-words "$missing_words" --seed "$seed" \
    ${folds:+--folds "$folds" --fold "$fold"}
  [ "$short" = false ] || blasr data subset --data "$data/train" --even 250 --out "$data/$train"
fi
if stage 1 "lang and language model"; then
  make_lang
  make_lm "$data/train/text" "$lm"
fi
tuning=$work/tuning final=$work
[ -z "$folds" ] && [ "$short" = false ] || final=$tuning # a fold tests what it tuned
if stage 2 "tuning: GMM without the speakers to tune on"; then train_gmm "$tuning/tri" "$train"; fi
if stage 3 "tuning: networks, realigned with themselves"; then train_networks "$tuning" "$train" "$tuning/tri" "$epochs"; fi
if stage 4 "tuning: settings on the speakers that were held out"; then tune_systems "$tuning"; fi
if [ "$final" != "$tuning" ]; then
  if stage 5 "GMM of all training speakers"; then train_gmm "$final/tri" train_all; fi
  if stage 6 "networks of all training speakers"; then
    train_networks "$final" train_all "$tuning/tri" "$final_epochs" "$tuning/bl_resnet22_a2b3"
  fi
fi
if stage 7 "word error rates of the test set"; then
  test_system "$final/tri" "$final/tri" "$tuning/tri/setting.json" --gmm "$final/tri"
  setting=$tuning/bl_resnet22_a2b3/setting.json network=$final/bl_resnet22_a2b3
  test_system "$network" "$tuning/tri" "$setting" --experiment "$network" --setting "$setting" \
    $([ "$final" = "$tuning" ] || echo --checkpoint final)
fi
reports=()
for set in test test_corpus_lm; do
  reports+=("gmm/$set=$final/tri/$set/score.json" "bl_resnet22_a2b3/$set=$final/bl_resnet22_a2b3/$set/score.json")
done
python -m recipes.common.results --out "$work/RESULTS" "${reports[@]}"
cat "$final/bl_resnet22_a2b3/test/oracle.txt"
