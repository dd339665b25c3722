#!/usr/bin/env bash
# An open vocabulary: from transcripts to word error rates without a lexicon, with words that are not in the training
# text. Finnish numerals, each one compound word. The speech is SYNTHETIC: eSpeak NG makes it here.
#
#   recipes/open_vocabulary/run.sh [--stage N] [--work DIR] [--nj N] [--vocabulary-size N] [--network CONF.yaml]
#
# Compares pieces of words with the words of the training text; both are spelled in letters. The acoustic model is the
# same GMM, and also a network if --network gives a configuration such as conf/demo_bl_resnet22_a2b3.yaml. Everything is
# written under --work.
set -euo pipefail

stage=0
work=exp/open_vocabulary
nj=2
vocabulary_size=60
network=
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"

data=$work/data subwords=$work/subwords gmm=$work/tri
lang_options=(--position-dependent --silence-phones SIL,SPN --oov '<unk>')

if stage 0 "synthesize the corpus"; then
  python -m recipes.open_vocabulary.synthesize --nj "$nj" --out "$data"
fi
if stage 1 "lang directories of pieces and of whole words"; then
  blasr subwords train --text "$data/train/text" --utterance-ids --vocabulary-size "$vocabulary_size" --out "$subwords"
  blasr lang --subwords "$subwords" "${lang_options[@]}" --out "$work/lang_pieces"
  blasr subwords spell --utterance-ids --text "$data/train/text" --out "$work/lexicon.txt"
  blasr lang --lexicon "$work/lexicon.txt" "${lang_options[@]}" --out "$work/lang_words"
fi
if stage 2 "alignments of the pieces from a flat start"; then
  rm -rf "$data/train_pieces" && cp -r "$data/train" "$data/train_pieces"
  blasr subwords apply --utterance-ids --subwords "$subwords" --text "$data/train/text" --out "$data/train_pieces/text"
  blasr align --data "$data/train_pieces" --lang "$work/lang_pieces" --nj "$nj" \
    --set triphone.num_leaves=300 --set triphone.totgauss=2000 --out "$gmm"
fi
if [ -n "$network" ] && stage 3 "network"; then
  blasr train "$network" --experiment "$work/network" \
    --set data.train="$data/train_pieces" --set data.alignments="$gmm"
fi
if stage 4 "language models of the training text, decoding graphs"; then
  blasr lm train --utterance-ids --text "$data/train_pieces/text" --order 4 --closed --out "$work/pieces.arpa"
  blasr lm train --utterance-ids --text "$data/train/text" --order 2 --closed --smoothing witten-bell \
    --out "$work/words.arpa"
  for units in pieces words; do
    blasr graph --lang "$work/lang_$units" --arpa "$work/$units.arpa" --gmm "$gmm" --out "$gmm/graph_$units"
  done
fi
systems=("$gmm") options=(--gmm)
[ -z "$network" ] || { systems+=("$work/network") options+=(--experiment); }
reports=() absent=()
for index in "${!systems[@]}"; do
  system=${systems[index]}
  for units in pieces words; do
    out=$system/$units lang=$work/lang_$units graph=$gmm/graph_$units
    if stage 5 "$units: lattices, word error rates at the setting that is best on dev"; then
      decode_and_score "$out" "${options[index]}" "$system" dev test
    fi
    reports+=("$(basename "$system")_$units/test=$out/test/score.json")
    absent+=(--system "$(basename "$system")_$units" "$out/test" "$lang/words.txt")
  done
done
echo "Synthetic speech, voices not heard in training:"
python -m recipes.common.results --out "$work/RESULTS" "${reports[@]}"
python -m recipes.open_vocabulary.absent_words --train "$data/train/text" --ref "$data/test/text" "${absent[@]}"
