# Sourced by run.sh: the stages of one variant. $network is its folder.

train_network() {
  local launch=(blasr train)
  if [ "$gpus" -gt 1 ]; then launch=(torchrun --standalone --nproc-per-node "$gpus" -m blasr.cli train); fi
  "${launch[@]}" "$root/conf/$variant.yaml" --experiment "$network" \
    --set data.train="$data/train" --set data.alignments="$gmm" $train_options
}

# decode_and_score SET EPOCH PRIOR_SCALE OUT SCORE_OPTION...: decode $data/SET and score the lattices by NIST's rules.
# The set is decoded in parts because log-likelihoods are large: 128 kB per frame with 32,000 CD states, 46 GB per hour.
decode_and_score() {
  local set=$1 epoch=$2 prior_scale=$3 out=$4 part
  shift 4
  if [ -e "$out/score.json" ]; then return; fi
  blasr data split --data "$data/$set" --parts "$parts" >/dev/null
  for part in $(seq "$parts"); do
    if [ -e "$out/lat.$part.gz" ]; then continue; fi
    blasr dump --experiment "$network" --checkpoint "epoch$epoch" --prior-scale "$prior_scale" --nj "$nj" \
      --data "$data/$set/split$parts/$part" --model "$gmm/final.mdl" --out "$out/part"
    blasr decode --graph "$graph" --model "$gmm/final.mdl" --lang "$lang" --nj "$nj" --beam "$beam" \
      --no-determinize --loglikes "scp:$out/part/loglikes.scp" --out "$out/part"
    gzip <"$out/part/lat.ark" >"$out/lat.$part.gz.new"
    mv "$out/lat.$part.gz.new" "$out/lat.$part.gz"
    rm -r "$out/part"
  done
  blasr score stm --ref "$data/$set/stm" --glm "$data/$set/scoring.glm" --lattices "$out" --words "$lang/words.txt" \
    --lang "$lang" --model "$gmm/final.mdl" --data "$data/$set" --drop '[noise],[laughter],[vocalized-noise],<unk>' \
    --lm-weights "$lm_weights" --word-ins-penalties "$word_ins_penalties" \
    --json "$out/score.json" "$@" >"$out/score.txt"
  if [ "$set" != hub5 ]; then rm "$out"/lat.*.gz; fi
}

# Choose the epoch at one prior scale, then the prior scale; each run has its best LM weight and insertion penalty.
choose_on_rt02() {
  local number best epoch folders=()
  for number in $epochs; do
    best=$network/rt02/epoch${number}_prior$first_prior_scale
    decode_and_score rt02 "$number" "$first_prior_scale" "$best" --freeze "$best/setting.json"
    folders+=("$best")
  done
  best=$(python -m recipes.swbd.choose "$variant, RT-02: epoch" "${folders[@]}")
  epoch=${best#epoch} epoch=${epoch%_prior*} folders=()
  for number in $prior_scales; do
    best=$network/rt02/epoch${epoch}_prior$number
    decode_and_score rt02 "$epoch" "$number" "$best" --freeze "$best/setting.json"
    folders+=("$best")
  done
  best=$(python -m recipes.swbd.choose "$variant, RT-02: prior scale" "${folders[@]}")
  ln -sfn "$best" "$network/rt02/chosen"
}

score_hub5() {
  local best epoch
  best=$(readlink "$network/rt02/chosen") || fail "no choice in $network/rt02; fix: run stage 6"
  epoch=${best#epoch} epoch=${epoch%_prior*}
  rm -rf "$network/hub5" # the setting may have changed
  decode_and_score hub5 "$epoch" "${best#*_prior}" "$network/hub5" \
    --setting "$network/rt02/chosen/setting.json" --group SWB=sw --group CH=en --speakers
}
