# Sourced by the recipes of AN4 after they have set the defaults of their options: reads the options and CORPUS_DIR, and has how
# a GMM and the networks are trained, tuned and tested. The recipe sets `data`, `lang`, `lm`, `nj`, `rate`, `width`, `seed` and
# `train_options`; `corpus` and `root` are set here.
. "$(dirname "${BASH_SOURCE[0]}")/../common/options.sh"
. "$root/recipes/common/recognition.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS_DIR"; }

# the settings that every system is tuned over
lm_weights=1-20
word_ins_penalties=-1,-0.5,0,0.5,1,2
gmm_options="--set features.norm_vars=true --set triphone.num_leaves=200 --set triphone.totgauss=6000"

# make_lm TEXT OUT: the corpus's unigram model, which gives all words the same probability, with a hundredth of the unigram
# model of the transcripts TEXT. This decides between O and OH, which sound alike and would be equally good paths.
make_lm() {
  blasr lm train --utterance-ids --text "$1" --order 1 --closed --out "$2.transcripts"
  blasr lm interpolate "$corpus/etc/an4.lm" "$2.transcripts" --weight 0.99 --out "$2"
}

# make_lang: "$lang" from the corpus's lexicon; with "$states" HMM states for every phone if this is set.
make_lang() {
  blasr lang --lexicon "$data/lexicon.txt" --silence-phones SIL,SPN --oov '<UNK>' --position-dependent --out "$lang" \
    ${states:+--nonsilence-states "$states" --silence-states "$states"}
}

# prepare_part NUMBER: data, lang and language model of this part of "$num_folds" in "$fold", unless they are there.
prepare_part() {
  fold=$work/fold$1 data=$work/fold$1/data lang=$work/fold$1/lang lm=$work/fold$1/lm.arpa
  [ -e "$data/test" ] || python -m recipes.an4.prepare "$corpus" --out "$data" --rate "$rate" --folds "$num_folds" --fold "$1"
  [ -e "$lang" ] || make_lang
  [ -e "$lm" ] || make_lm "$data/train/text" "$lm"
}

# train_gmm GMM TRAIN_SET: GMM, aligned from a flat start, and its graph with the language model "$lm". Kaldi's recipe has 1800
# leaves and 9000 Gaussians: too many for 50 minutes of speech (RESULTS.md).
train_gmm() {
  blasr align --data "$data/$2" --lang "$lang" --nj "$nj" --set features.sample_rate="$rate" $gmm_options --out "$1"
  blasr graph --lang "$lang" --arpa "$lm" --missing-words drop --gmm "$1" --out "$1/graph"
}

# train_network OUT TRAIN_SET ALIGNMENTS EPOCHS [INITIAL]: one network, from the weights of INITIAL if it is given.
train_network() {
  blasr train "$root/conf/an4_bl_resnet22_a2b3.yaml" --experiment "$1" --set data.train="$data/$2" \
    --set data.alignments="$3" --set features.sample_rate="$rate" --set model.width="$width" \
    --set training.epochs="$4" --set training.seed="$seed" \
    ${5:+--set initialize_from="$5" --set training.learning_rate=0.02} $train_options
}

# realign NETWORK TRAIN_SET GMM OUT: the alignments of a network, over the tree of the GMM.
realign() {
  blasr align --data "$data/$2" --lang "$lang" --experiment "$1" --checkpoint final --prior-scale 1 --gmm "$3" \
    --nj "$nj" --out "$4"
}

# train_networks OUT TRAIN_SET GMM EPOCHS [INITIAL]: one network after the other, each from the weights and on the alignments of
# the one before, with the outputs of GMM's tree. The first has INITIAL before it, or else the alignments of GMM.
# OUT/bl_resnet22_a2b3 is the last one.
train_networks() {
  local alignments=$3 previous=${5:-} pass=0 number
  for number in $4; do
    pass=$((pass + 1))
    if [ -n "$previous" ]; then
      alignments=$1/pass$pass.alignments
      realign "$previous" "$2" "$3" "$alignments"
    fi
    train_network "$1/pass$pass" "$2" "$alignments" "$number" "$previous"
    previous=$1/pass$pass
  done
  ln -sfn "pass$pass" "$1/bl_resnet22_a2b3"
}

# tune_systems OUT: the settings with the fewest errors on dev.
tune_systems() {
  local gmm=$1/tri graph=$1/tri/graph
  local grid=(--lm-weights "$lm_weights" --word-ins-penalties="$word_ins_penalties")
  decode dev "$gmm/dev" --gmm "$gmm"
  score dev "$gmm/dev" "${grid[@]}" --freeze "$gmm/setting.json"
  blasr tune --experiment "$1/bl_resnet22_a2b3" --data "$data/dev" --graph "$graph" --lang "$lang" --nj "$nj" \
    --prior-scales 0.2,0.4,0.6,0.8,1.0 "${grid[@]}"
}

# test_system OUT GMM SETTING DUMP_OPTION...: the system OUT on the test set, at the frozen SETTING, over the tree and graph of
# GMM; the same with the language model of the corpus alone, as in Kaldi's recipe; and the lattices' oracle.
test_system() {
  local out=$1 gmm=$2 setting=$3 graph=$2/graph
  shift 3
  decode test "$out/test" "$@"
  score test "$out/test" --setting "$setting"
  blasr lattice oracle --lattices "$out/test" --words "$lang/words.txt" --ref "$data/test/text" >"$out/test/oracle.txt"
  blasr graph --lang "$lang" --arpa "$corpus/etc/an4.lm" --missing-words drop --gmm "$gmm" --out "$gmm/graph_corpus"
  blasr decode --graph "$gmm/graph_corpus" --model "$gmm/final.mdl" --lang "$lang" --nj "$nj" --no-determinize \
    --loglikes "scp:$out/test/loglikes.scp" --out "$out/test_corpus_lm"
  score test "$out/test_corpus_lm" --setting "$setting"
}
