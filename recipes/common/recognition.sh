# Sourced by the recipes: the steps from a network to word error rates. A recipe has set `lang`, `gmm` (the folder
# with final.mdl and tree), `graph` (the folder with HCLG.fst) and `nj` (threads).

# recognize DATA OUT DUMP_OPTION...: the log-likelihoods and lattices of a data directory; all paths of the lattices,
# since scoring takes only their best and needs no determinization.
recognize() {
  local data=$1 out=$2
  shift 2
  blasr dump --data "$data" "$@" "$out"
  blasr decode --graph "$graph" --model "$gmm/final.mdl" --lang "$lang" --nj "$nj" \
    --determinize false --loglikes "scp:$out/loglikes.scp" --out "$out"
}

# score DATA OUT SCORE_OPTION...: the errors of those lattices, into OUT/score.json and, told at length, OUT/score.txt.
score() {
  local data=$1 out=$2
  shift 2
  blasr score --text "$data/text" --utt2spk "$data/utt2spk" --lattices "$out" --words "$lang/words.txt" \
    --json "$out/score.json" "$@" >"$out/score.txt"
}

# recognize_tuned OUT DUMP_OPTION VALUE DEV TEST...: OUT/SET for each data directory $data/SET, with the setting that
# makes the fewest errors on the first one frozen, in OUT/setting.json, for the others. Where many settings are equally
# good, the middle one is taken; `penalties` are the word insertion penalties to try.
penalties=0,0.5,1,2
recognize_tuned() {
  local out=$1 option=$2 value=$3 dev=$4 set tuning
  shift 3
  for set in "$@"; do
    recognize "$data/$set" "$out/$set" "$option" "$value"
    tuning=(--setting "$out/setting.json")
    [ "$set" != "$dev" ] || tuning=(--penalties "$penalties" --freeze "$out/setting.json")
    score "$data/$set" "$out/$set" "${tuning[@]}"
  done
}
