# Sourced by run.sh: the stages of one variant, whose folder is $network.

train_network() {
  local launch=(blasr train)
  if [ "$gpus" -gt 1 ]; then launch=(torchrun --standalone --nproc-per-node "$gpus" -m blasr.cli train); fi
  "${launch[@]}" "$root/conf/$variant.yaml" --experiment "$network" \
    --set data.train="$data/train" --set data.alignments="$gmm" $train_options
}

# recognize_and_score SET EPOCH PRIOR_SCALE OUT SCORE_OPTION...: lattices of $data/SET and their errors, by NIST's rules.
# It goes part by part, since log-likelihoods are large: 128 kB a frame with 32,000 CD states, 46 GB an hour of speech.
recognize_and_score() {
  local set=$1 epoch=$2 prior_scale=$3 out=$4 part
  shift 4
  if [ -e "$out/score.json" ]; then return; fi
  blasr data split "$data/$set" "$parts" >/dev/null
  for part in $(seq "$parts"); do
    if [ -e "$out/lat.$part.gz" ]; then continue; fi
    blasr dump --experiment "$network" --checkpoint "epoch$epoch" --prior-scale "$prior_scale" \
      --data "$data/$set/split$parts/$part" --model "$gmm/final.mdl" "$out/part"
    blasr decode --graph "$graph" --model "$gmm/final.mdl" --lang "$lang" --nj "$nj" --beam "$beam" \
      --determinize false --loglikes "scp:$out/part/loglikes.scp" --out "$out/part"
    gzip <"$out/part/lat.ark" >"$out/lat.$part.gz.new"
    mv "$out/lat.$part.gz.new" "$out/lat.$part.gz"
    rm -r "$out/part"
  done
  blasr score --stm "$data/$set/stm" --glm "$data/$set/scoring.glm" --lattices "$out" --words "$lang/words.txt" \
    --lang "$lang" --model "$gmm/final.mdl" --data "$data/$set" --drop '[noise],[laughter],[vocalized-noise],<unk>' \
    --lm-weights "$lm_weights" --penalties "$penalties" --json "$out/score.json" "$@" >"$out/score.txt"
  if [ "$set" != hub5 ]; then rm "$out"/lat.*.gz; fi
}

# The epoch first, at one prior scale, then the prior scale; LM weight and insertion penalty are the best of each.
choose_on_rt02() {
  local number best epoch folders=()
  for number in $epochs; do
    best=$network/rt02/epoch${number}_prior$first_prior_scale
    recognize_and_score rt02 "$number" "$first_prior_scale" "$best" --freeze "$best/setting.json"
    folders+=("$best")
  done
  best=$(python -m recipes.swbd.choose "$variant, RT-02: epoch" "${folders[@]}")
  epoch=${best#epoch} epoch=${epoch%_prior*} folders=()
  for number in $prior_scales; do
    best=$network/rt02/epoch${epoch}_prior$number
    recognize_and_score rt02 "$epoch" "$number" "$best" --freeze "$best/setting.json"
    folders+=("$best")
  done
  best=$(python -m recipes.swbd.choose "$variant, RT-02: prior scale" "${folders[@]}")
  ln -sfn "$best" "$network/rt02/chosen"
}

score_hub5() {
  local best epoch
  best=$(readlink "$network/rt02/chosen") || fail "nothing is chosen in $network/rt02; fix: run stage 6"
  epoch=${best#epoch} epoch=${epoch%_prior*}
  rm -rf "$network/hub5" # its setting may be another now
  recognize_and_score hub5 "$epoch" "${best#*_prior}" "$network/hub5" \
    --setting "$network/rt02/chosen/setting.json" --group SWB=sw --group CH=en --speakers
}
