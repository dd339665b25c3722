# Sourced by run.sh: the stages that all variants share. Uses the options of run.sh and $data, $lm, $lang, $gmm, $graph.

prepare_data() {
  local shared=(--expanded "$data/expanded" --nj "$nj")
  python -m recipes.swbd.prepare_swbd1 --swbd1 $swbd1 --ms98 "$ms98" "${shared[@]}" --out "$data/swbd1"
  python -m recipes.swbd.prepare_fisher --fisher $fisher "${shared[@]}" --out "$data/fisher"
  python -m recipes.swbd.prepare_hub5 --rt02 $rt02 --hub5-text $hub5_text "${shared[@]}" --out "$data/rt02"
  python -m recipes.swbd.prepare_hub5 --hub5-speech $hub5_speech --hub5-text $hub5_text "${shared[@]}" --out "$data/hub5"
  python -m recipes.swbd.combine --swbd "$data/swbd1" --fisher "$data/fisher" --out "$data/train" --texts "$lm" \
    --max-repeats "$max_repeats" --heldout-every "$heldout_every"
}

prepare_lang() {
  if [ -n "$kaldi_lang" ]; then echo "using $kaldi_lang"; return; fi
  python -m recipes.swbd.lexicon --ms98 "$ms98" --extra-lexicon $extra_lexicon --size "$vocabulary" \
    --text "$data/swbd1/text" "$data/fisher/text" --out "$data/lexicon.txt"
  blasr lang --lexicon "$data/lexicon.txt" --silence-phones sil,spn,nsn,lau --optional-silence sil --oov '<unk>' \
    --position-dependent --out "$lang"
}

train_lm() {
  local corpus
  for corpus in swbd fisher; do
    blasr lm train --text "$lm/$corpus.txt" --order "$order" --min-counts "$min_counts" \
      --vocabulary "$lang/words.txt" --unknown '<unk>' --out "$lm/$corpus.arpa.gz"
  done
  blasr lm interpolate "$lm/swbd.arpa.gz" "$lm/fisher.arpa.gz" --tune "$lm/heldout.txt" --out "$lm/mixed.arpa.gz"
  python -m recipes.swbd.limit_lm --most "$ngrams" "$lm/mixed.arpa.gz" --out "$lm/lm.arpa.gz"
  blasr lm perplexity "$lm/lm.arpa.gz" --text "$lm/heldout.txt"
}

# A part of the data is enough to train the GMMs and the tree; then they align all of it.
align_training_set() {
  local set=(--set map_oov=true --set triphone.num_leaves="$num_leaves" --set triphone.totgauss="$totgauss")
  if [ -n "$kaldi_ali" ]; then echo "using $kaldi_ali"; return; fi
  if [ "$flat_start" -eq 0 ] || [ "$flat_start" -ge "$(wc -l <"$data/train/text")" ]; then
    blasr align --data "$data/train" --lang "$lang" --nj "$nj" "${set[@]}" $align_options --out "$gmm"
    return
  fi
  blasr data subset --data "$data/train" --even "$flat_start" --out "$data/train_part"
  blasr align --data "$data/train_part" --lang "$lang" --nj "$nj" "${set[@]}" $align_options --out "$work/tri"
  blasr align --data "$data/train" --lang "$lang" --gmm "$work/tri" --nj "$nj" --set map_oov=true --out "$gmm"
}

compile_graph() {
  blasr graph --lang "$lang" --gmm "$gmm" --arpa "$lm/lm.arpa.gz" --out "$graph"
  for set in rt02 hub5; do
    python -m recipes.swbd.glm --glm "$data/$set/glm" --words "$lang/words.txt" --out "$data/$set/scoring.glm"
  done
}
