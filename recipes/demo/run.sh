#!/usr/bin/env bash
# From text to word error rates on telephone digits and commands. The speech is SYNTHETIC: eSpeak NG makes it here.
#
#   recipes/demo/run.sh [--stage N] [--work DIR] [--nj N]
#
# Trains on 27 voices, tunes on 3 and tests on 6 others, and draws one sentence. Everything is written under --work.
set -euo pipefail

stage=0
work=exp/demo
nj=2
. "$(dirname "$0")/../common/options.sh"
. "$root/recipes/common/recognition.sh"

data=$work/data lang=$work/lang gmm=$work/tri graph=$work/tri/graph network=$work/bl_resnet22_a2b3

if stage 0 "synthesize the corpus"; then
  python -m recipes.demo.synthesize --nj "$nj" --out "$data"
fi
if stage 1 "lang"; then
  blasr lang --lexicon "$root/recipes/demo/lexicon.txt" --silence-phones SIL,SPN --oov '<unk>' --out "$lang"
fi
if stage 2 "alignments from a flat start"; then
  blasr align --data "$data/train" --lang "$lang" --nj "$nj" \
    --set triphone.num_leaves=300 --set triphone.totgauss=2000 --out "$gmm"
fi
if stage 3 "network"; then
  blasr train "$root/conf/demo_bl_resnet22_a2b3.yaml" --experiment "$network" \
    --set data.train="$data/train" --set data.alignments="$gmm"
fi
if stage 4 "decoding graph with a bigram of 4,000 sentences"; then
  blasr graph --lang "$lang" --gmm "$gmm" --text "$data/lm.txt" --no-utterance-ids --order 2 --out "$graph"
fi
if stage 5 "log-likelihoods, lattices, word error rates at the setting that is best on dev"; then
  decode_and_score "$gmm" --gmm "$gmm" dev test
  decode_and_score "$network" --experiment "$network" dev test
fi
if stage 6 "bundle, and a picture of one sentence"; then
  blasr bundle --experiment "$network" --graph "$graph" --lang "$lang" --setting "$network/setting.json" --out "$work/bundle"
  longest=$(awk '{print NF, $1}' "$data/test/text" | sort -k1,1nr -k2,2 | awk 'NR == 1 {print $2}')
  blasr transcribe --bundle "$work/bundle" --pictures "$work/pictures" "$data/wav/$longest.wav" \
    >"$work/longest.txt"
fi
echo "Synthetic speech, voices not heard in training:"
python -m recipes.common.results --out "$work/RESULTS" gmm/test="$gmm/test/score.json" \
  bl_resnet22_a2b3/test="$network/test/score.json"
sentence=$(cut -d ' ' -f 1 "$work/longest.txt")
cat <<END

Look at a test sentence, its phones and its words: $work/pictures/$sentence.png
Transcribe a recording; replace the file by one of your own that has the words of recipes/demo/lexicon.txt:
  $(printf '%q ' "$(command -v blasr)" transcribe --bundle "$(realpath -m "$work/bundle")" \
    --pictures pictures "$(realpath -m "$data/wav/$sentence.wav")")
END
