# Sourced by recipes/librispeech/run.sh: what each stage does.

lm_weights=3-20
word_ins_penalties=-1,-0.5,0,0.5,1
lang_options=(--position-dependent --silence-phones SIL,SPN --oov '<UNK>')

prepare_data() {
  local limits=()
  ! $short || limits=(--train-hours 0.5 --test-hours 0.1)
  python -m recipes.librispeech.prepare "$corpus" --out "$data" --rate "$rate" --train "$train" --dev "$dev" \
    --test "$test" "${limits[@]}"
}

prepare_lang() {
  timed python -m recipes.librispeech.lexicon --cmudict "$cmudict" --text "$data/train/text" \
    ${lm_text:+--lm-text "$lm_text"} --out "$lexicon"
  blasr lang --lexicon "$lexicon/lexicon.txt" "${lang_options[@]}" --out "$lang"
}

train_gmm() {
  blasr align --data "$data/train" --lang "$lang" --nj "$nj" --set features.sample_rate="$rate" \
    --set monophone.num_iters=20 --set monophone.max_iter_inc=15 \
    --set triphone.num_leaves="$num_leaves" --set triphone.totgauss="$totgauss" --out "$gmm"
}

# train_network ALIGNMENTS EXPERIMENT EPOCHS TRAIN_OPTION...
train_network() {
  blasr train "$root/conf/librispeech_bl_resnet22_a2b3.yaml" --set data.train="$data/train" \
    --set data.alignments="$1" --experiment "$2" --set features.sample_rate="$rate" --set model.width="$width" \
    --set training.epochs="$3" "${@:4}"
}

realign() {
  blasr align --data "$data/train" --lang "$lang" --nj "$nj" --gmm "$gmm" --experiment "$first" \
    --checkpoint final --prior-scale 1 --out "$alignments"
}

# train_lm NAME ORDER TEXT MORE_TEXT DEV_TEXT LM_OPTION...: write $lm/NAME.arpa.gz. TEXT and DEV_TEXT have utterance-ids. If
# MORE_TEXT, which has none, is not empty, its model is interpolated with the weight that is best on DEV_TEXT.
train_lm() {
  local name=$1 order=$2 text=$3 more=$4 dev_text=$5 own=$lm/$1.arpa.gz
  shift 5
  [ -z "$more" ] || own=$lm/$name.transcripts.arpa.gz
  blasr lm train --utterance-ids --text "$text" --order "$order" "$@" --out "$own"
  if [ -n "$more" ]; then
    blasr lm train --text "$more" --order "$order" "$@" --out "$lm/$name.more.arpa.gz"
    blasr lm interpolate "$own" "$lm/$name.more.arpa.gz" --tune "$dev_text" --utterance-ids --out "$lm/$name.arpa.gz"
  fi
  blasr lm perplexity "$lm/$name.arpa.gz" --text "$dev_text" --utterance-ids
}

# The words of the lexicon, with a trigram in the graph and a 4-gram for the lattices. Words outside the lexicon are left
# out of the graph.
compile_words() {
  local order
  for order in 3 4; do
    train_lm "words$order" "$order" "$data/train/text" "$lm_text" "$data/dev/text" \
      --vocabulary "$lang/words.txt" --unknown '<outside>'
  done
  blasr graph --lang "$lang" --arpa "$lm/words3.arpa.gz" --missing-words drop --gmm "$gmm" --out "$work/graph_words"
}

# Frequent words, and pieces of words for all other words. The pieces' model is that of the transcripts, interpolated with
# that of all texts and cmudict's words, so that pieces compose words as they do in the dictionary.
compile_pieces() {
  local set texts=$work/pieces_text
  blasr subwords train --text "$lexicon/dictionary_words.txt" --vocabulary-size "$num_pieces" \
    --whole "$lexicon/whole_words.txt" --dictionary "$lexicon/dictionary.txt" --out "$pieces"
  blasr lang --subwords "$pieces" "${lang_options[@]}" --out "$work/lang_pieces"
  for set in train dev; do
    blasr subwords apply --utterance-ids --subwords "$pieces" --text "$data/$set/text" --out "$texts/$set.txt"
  done
  blasr subwords apply --subwords "$pieces" --text "$lexicon/all_text.txt" --out "$texts/all.txt"
  train_lm pieces4 4 "$texts/train.txt" "$texts/all.txt" "$texts/dev.txt" --closed \
    --vocabulary "$work/lang_pieces/words.txt"
  blasr lm prune "$lm/pieces4.arpa.gz" --threshold 1e-6 --out "$lm/pieces4.pruned.arpa.gz"
  blasr graph --lang "$work/lang_pieces" --arpa "$lm/pieces4.pruned.arpa.gz" --gmm "$gmm" --out "$work/graph_pieces"
}

# recognize DUMP_OPTION SYSTEM UNITS: write SYSTEM/UNITS/dev and SYSTEM/UNITS/test. UNITS is words or pieces. A network
# trained on a few hours has flat outputs: the number of active states, not the beam, limits its search.
recognize() {
  local lang=$lang graph=$work/graph_$3
  decode_options=(--max-active "$max_active")
  [ "$3" = words ] || lang=$work/lang_$3
  decode_and_score "$2/$3" "$1" "$2" dev test
}

# rescore SYSTEM: the lattices of words with the costs of the 4-gram, in SYSTEM/words4.
rescore() {
  local set setting
  for set in dev test; do
    mkdir -p "$1/words4/$set"
    blasr lattice rescore --lattices "$1/words/$set" --words "$lang/words.txt" --model "$gmm/final.mdl" \
      --old-lm "$lm/words3.arpa.gz" --new-lm "$lm/words4.arpa.gz" --out "$1/words4/$set/lat.ark"
    setting=(--setting "$1/words4/setting.json")
    [ "$set" = test ] || setting=(--lm-weights "$lm_weights" --word-ins-penalties="$word_ins_penalties" --freeze "$1/words4/setting.json")
    score "$set" "$1/words4/$set" "${setting[@]}"
  done
}

# explain SYSTEM: the causes of the errors with words, in SYSTEM/words/test/explain.json and errors.html.
explain() {
  blasr explain text --ref "$data/test/text" --lattices "$1/words/test" --words "$lang/words.txt" \
    --setting "$1/words/setting.json" --utt2spk "$data/test/utt2spk" --html "$1/words/test/errors.html" \
    --json "$1/words/test/explain.json" >"$1/words/test/explain.txt"
}

print_tables() {
  python -m recipes.librispeech.report --data "$data" --timings "$timings" --out "$work/RESULTS" \
    --system "GMM, 3-gram" "$gmm/words/test" "$lang" --system "network, 3-gram" "$network/words/test" "$lang" \
    --system "network, 4-gram" "$network/words4/test" "$lang" \
    --system "network, pieces, 4-gram" "$network/pieces/test" "$work/lang_pieces"
}
