# Sourced by the recipes: the steps from an acoustic model to word error rates. The recipe sets `data` (the folder of the
# data directories), `lang`, `gmm` (the folder with final.mdl and tree), `graph` (the folder with HCLG.fst) and `nj`.

# decode SET OUT DUMP_OPTION...: write the log-likelihoods and lattices of $data/SET. The lattices keep all paths: scoring
# uses only the best path and does not need determinization. `decode_options` are more options of blasr decode.
decode_options=()
decode() {
  local set=$1 out=$2
  shift 2
  blasr dump --data "$data/$set" "$@" --nj "$nj" --out "$out"
  blasr decode --graph "$graph" --model "$gmm/final.mdl" --lang "$lang" --nj "$nj" \
    --no-determinize "${decode_options[@]}" --loglikes "scp:$out/loglikes.scp" --out "$out"
}

# score SET OUT SCORE_OPTION...: write the errors of these lattices to OUT/score.json and OUT/score.txt, and their best
# paths to OUT/hyp.txt.
score() {
  local set=$1 out=$2
  shift 2
  blasr score text --ref "$data/$set/text" --utt2spk "$data/$set/utt2spk" --lattices "$out" --words "$lang/words.txt" \
    --hyp-out "$out/hyp.txt" --json "$out/score.json" "$@" >"$out/score.txt"
}

# decode_and_score OUT DUMP_OPTION VALUE DEV TEST...: write OUT/SET for each set. The setting with the fewest errors on DEV
# is written to OUT/setting.json and used for the other sets; the middle one is taken if many are equally good.
# `lm_weights` and `word_ins_penalties` are the LM weights and word insertion penalties to try.
lm_weights=7-20
word_ins_penalties=0,0.5,1,2
decode_and_score() {
  local out=$1 option=$2 value=$3 dev=$4 set setting
  local grid=(--lm-weights "$lm_weights" --word-ins-penalties="$word_ins_penalties")
  shift 3
  for set in "$@"; do
    decode "$set" "$out/$set" "$option" "$value"
    setting=(--setting "$out/setting.json")
    [ "$set" != "$dev" ] || setting=("${grid[@]}" --freeze "$out/setting.json")
    score "$set" "$out/$set" "${setting[@]}"
  done
}
