# Sourced by the recipes of AN4: how a GMM and the networks are trained, tuned and tested. Each function takes the folder of
# the systems. The recipe sets `corpus`, `data`, `lang`, `nj`, `rate`, `width`,
# `epochs`, `seed`, `train_options`, `lm_weights` and `word_ins_penalties`.

# train_gmm OUT TRAIN_SET: OUT/tri, aligned from a flat start, and its graph with the corpus's own unigram model.
train_gmm() {
  blasr align --data "$data/$2" --lang "$lang" --nj "$nj" --set features.sample_rate="$rate" \
    --set triphone.num_leaves=1800 --set triphone.totgauss=9000 --out "$1/tri"
  blasr graph --lang "$lang" --arpa "$corpus/etc/an4.lm" --missing-words drop --gmm "$1/tri" --out "$1/tri/graph"
}

# train_networks OUT TRAIN_SET: one network after the other; OUT/bl_resnet22_a2b3 is the last one.
train_networks() {
  local alignments=$1/tri previous= pass=0 network number
  for number in $epochs; do
    pass=$((pass + 1)) network=$1/pass$pass
    blasr train "$root/conf/an4_bl_resnet22_a2b3.yaml" --experiment "$network" --set data.train="$data/$2" \
      --set data.alignments="$alignments" --set features.sample_rate="$rate" --set model.width="$width" \
      --set training.epochs="$number" --set training.seed="$seed" \
      ${previous:+--set initialize_from="$previous" --set training.learning_rate=0.02} $train_options
    previous=$network alignments=$network/alignments
    if [ "$pass" -lt "$(wc -w <<<"$epochs")" ]; then
      blasr align --data "$data/$2" --lang "$lang" --experiment "$network" --gmm "$1/tri" --nj "$nj" --out "$alignments"
    fi
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
    --prior-scales 0.4,0.6,0.8,1.0 "${grid[@]}"
}

# test_systems OUT: both systems on the test set, at the frozen settings, and the oracle of the network's lattices.
test_systems() {
  local gmm=$1/tri graph=$1/tri/graph network=$1/bl_resnet22_a2b3
  decode test "$gmm/test" --gmm "$gmm"
  score test "$gmm/test" --setting "$gmm/setting.json"
  decode test "$network/test" --experiment "$network"
  score test "$network/test" --setting "$network/setting.json"
  blasr lattice oracle --lattices "$network/test" --words "$lang/words.txt" --ref "$data/test/text" \
    >"$network/test/oracle.txt"
}
