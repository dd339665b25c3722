#!/usr/bin/env bash
# LibriSpeech, or a part of it: from the corpus's own layout to word error rates, with a closed and an open vocabulary.
#
#   recipes/librispeech/run.sh CORPUS_DIR --cmudict PATH [--work DIR] [--short] [--stage N] [--last N] [--nj N]
#     [--rate HZ] [--train PARTS] [--dev PARTS] [--test PARTS] [--lm-text FILE]
#
# CORPUS_DIR has the parts, such as train-clean-100. --cmudict is cmudict.dict or its folder. --lm-text has more text for
# the language models, one sentence a line. --short trains a small network on half an hour. Everything is written under
# --work, with the time and memory of every command in timings.jsonl.
set -euo pipefail

stage=0
last=12
work=exp/librispeech
cmudict=
nj=2
rate=8000
train=train
dev=dev
test=test
lm_text=
short=false
num_leaves=2000 # of the tree, at most
totgauss=15000  # Gaussians
width=0.25      # of the network, as a share of the paper's channels
epochs="5 10"   # of each pass; before the second, the network aligns the training set, and is trained on with these alignments
num_pieces=1000
max_active=3000 # states of the search in a frame
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"
. "$root/recipes/common/timing.sh"
. "$root/recipes/librispeech/steps.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }
[ -n "$cmudict" ] || { usage >&2; fail "no --cmudict"; }

if $short; then width=0.125 epochs=4 num_leaves=1000 totgauss=5000 max_active=1000; fi
timings=$work/timings.jsonl
data=$work/data lexicon=$work/lexicon lang=$work/lang lm=$work/lm gmm=$work/tri pieces=$work/pieces
network=$work/bl_resnet22_a2b3 first=$work/first_pass alignments=$work/realigned
read -r first_epochs second_epochs <<<"$epochs"
[ -n "$second_epochs" ] || first=$network

if stage 0 "data directories"; then prepare_data; fi
if stage 1 "lexicon and lang"; then prepare_lang; fi
if stage 2 "GMM from a flat start"; then train_gmm; fi
if stage 3 "network, first pass"; then train_network "$gmm" "$first" "$first_epochs"; fi
if [ -n "$second_epochs" ]; then
  if stage 4 "alignments by the network"; then realign; fi
  if stage 5 "network, second pass"; then train_network "$alignments" "$network" "$second_epochs" --set initialize_from="$first"; fi
fi
if stage 6 "closed vocabulary: language models and graph"; then compile_words; fi
if stage 7 "GMM: words"; then recognize --gmm "$gmm" words; fi
if stage 8 "network: words, also with the 4-gram"; then
  recognize --experiment "$network" words
  rescore "$network"
fi
if stage 9 "open vocabulary: pieces, language model and graph"; then compile_pieces; fi
if stage 10 "network: open vocabulary"; then recognize --experiment "$network" pieces; fi
if stage 11 "causes of the errors"; then explain "$gmm" && explain "$network"; fi
if stage 12 "tables"; then print_tables; fi
