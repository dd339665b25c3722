#!/usr/bin/env bash
# Trains a blasr acoustic model on a data directory and Kaldi alignments. Replaces steps/nnet*/train*.sh.
#
# Usage: steps/blasr/train.sh [options] <data-dir> <lang-dir> <ali-dir> <exp-dir>
# e.g.:  steps/blasr/train.sh --cmd "queue.pl --gpu 1" data/train data/lang exp/tri4_ali exp/blasr
#
# <ali-dir> has final.mdl, tree and ali.*.gz. <exp-dir> receives final.safetensors, priors.vec, final.mdl and tree;
# the log is <exp-dir>/log/train.log. The same command again resumes the run.
#
# Options:
#   --cmd CMD             the program that runs the job (default: run.pl)
#   --stage N             1 skips the checks (default: 0)
#   --model-config FILE   configuration of the run (default: conf/bl_resnet22_a2b3.yaml of blasr)
#   --set "KEY=VALUE ..." keys of the configuration to override, such as "training.epochs=8 model.width=0.5"
#   --epochs N            overrides training.epochs
#   --num-gpus N          number of GPUs; torchrun starts one process for each (default: 1)
#   --dev-data DIR        held-out data, with the alignments --dev-ali DIR (default: a part of <data-dir>)
#   --allow-pipes true    run the commands in wav.scp (default: false)

cmd=run.pl stage=0 model_config= set= epochs= num_gpus=1 dev_data= dev_ali= allow_pipes=false
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
needs 4
data=${arguments[0]} lang=${arguments[1]} alidir=${arguments[2]} dir=${arguments[3]}
config=${model_config:-$root/conf/bl_resnet22_a2b3.yaml}

if stage 0 "check"; then
  need "$data/wav.scp" "$data/utt2spk" "$lang/phones.txt" "$alidir/final.mdl" "$alidir/tree" "$config"
  [ -f "$alidir/ali.1.gz" ] || [ -f "$alidir/ali.gz" ] || fail "no such file: $alidir/ali.1.gz"
  if [ -f "$alidir/phones.txt" ] && ! cmp -s "$lang/phones.txt" "$alidir/phones.txt"; then
    fail "$lang/phones.txt and $alidir/phones.txt differ; fix: give the lang directory of the alignments"
  fi
fi

if stage 1 "train (log: $dir/log/train.log)"; then
  overrides=(--set "data.train=$data" --set "data.alignments=$alidir")
  for pair in $set ${epochs:+training.epochs=$epochs}; do overrides+=(--set "$pair"); done
  if [ -n "$dev_data" ]; then overrides+=(--set "data.valid=$dev_data" --set "data.valid_alignments=${dev_ali:-$alidir}"); fi
  program=(blasr)
  if [ "$num_gpus" -gt 1 ]; then program=(torchrun --standalone --nproc-per-node "$num_gpus" -m blasr.cli); fi
  $cmd "$dir/log/train.log" "${program[@]}" train "$config" --experiment "$dir" "${overrides[@]}" $(pipes_option) ||
    job_failed "$dir"/log/train.log
  for file in phones.txt; do [ -f "$dir/$file" ] || cp "$lang/$file" "$dir/$file"; done
fi
echo "$0: the model is in $dir" >&2
