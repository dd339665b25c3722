# Sourced by run.sh: the stages of one variant. $network is its folder.

train_network() {
  local launch=(blasr train)
  if [ "$gpus" -gt 1 ]; then launch=(torchrun --standalone --nproc-per-node "$gpus" -m blasr.cli train); fi
  "${launch[@]}" "$root/conf/$variant.yaml" --experiment "$network" \
    --set data.train="$data/train" --set data.alignments="$gmm" $train_options
}

drop='[noise],[laughter],[vocalized-noise],<unk>' # words that do not count

# Choose the epoch at one prior scale, then the prior scale; each has its best LM weight and insertion penalty. An
# interrupted tuning continues.
tune_on_rt02() {
  blasr tune --experiment "$network" --data "$data/rt02" --graph "$graph" --model "$gmm/final.mdl" --lang "$lang" \
    --stm "$data/rt02/stm" --glm "$data/rt02/scoring.glm" --drop "$drop" --beam "$beam" --nj "$nj" \
    --checkpoints "$(printf 'epoch%s,' $epochs)" --prior-scales "${prior_scales// /,}" \
    --first-prior-scale "$first_prior_scale" --lm-weights "$lm_weights" --word-ins-penalties "$word_ins_penalties"
}

# Decode Hub5'00 at the tuned setting and score the lattices by NIST's rules. The set is decoded in parts because
# log-likelihoods are large: 128 kB per frame with 32,000 CD states, 46 GB per hour.
score_hub5() {
  local out=$network/hub5 part
  if [ "$network/setting.json" -nt "$out/score.json" ]; then rm -rf "$out"; fi # the setting may have changed
  blasr data split --data "$data/hub5" --parts "$parts" >/dev/null
  for part in $(seq "$parts"); do
    if [ -e "$out/lat.$part.gz" ]; then continue; fi
    blasr dump --experiment "$network" --nj "$nj" --data "$data/hub5/split$parts/$part" --model "$gmm/final.mdl" \
      --out "$out/part"
    blasr decode --graph "$graph" --model "$gmm/final.mdl" --lang "$lang" --nj "$nj" --beam "$beam" \
      --no-determinize --loglikes "scp:$out/part/loglikes.scp" --out "$out/part"
    gzip <"$out/part/lat.ark" >"$out/lat.$part.gz.new"
    mv "$out/lat.$part.gz.new" "$out/lat.$part.gz"
    rm -r "$out/part"
  done
  blasr score stm --ref "$data/hub5/stm" --glm "$data/hub5/scoring.glm" --lattices "$out" --words "$lang/words.txt" \
    --lang "$lang" --model "$gmm/final.mdl" --data "$data/hub5" --drop "$drop" --setting "$network/setting.json" \
    --lm-weights "$lm_weights" --word-ins-penalties "$word_ins_penalties" \
    --group SWB=sw --group CH=en --speakers --json "$out/score.json" >"$out/score.txt"
}
