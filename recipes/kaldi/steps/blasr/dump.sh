#!/usr/bin/env bash
# Computes log-likelihoods of a data directory with a blasr network. Replaces steps/nnet3/compute_output.sh.
#
# Usage: steps/blasr/dump.sh [options] <data-dir> <model-dir> <dir>
# e.g.:  steps/blasr/dump.sh --nj 4 --cmd queue.pl data/test exp/blasr exp/blasr/output_test
#
# <dir> receives loglikes.scp for latgen-faster-mapped, and manifest.json, which records the network and the data. The
# archives are <dir>/dump.JOB/loglikes.ark and the logs <dir>/log/dump.JOB.log.
#
# Options:
#   --nj N                jobs, at most as many as speakers (default: 4)
#   --cmd CMD             the program that runs the jobs (default: run.pl)
#   --stage N             1 only joins the results of the jobs (default: 0)
#   --model FILE          final.mdl of the decoder (default: <model-dir>/final.mdl)
#   --checkpoint NAME     final, or epochN (default: final)
#   --prior-scale X       weight of the log priors (default: 1.0)
#   --use-gpu yes|no|optional (default: no)
#   --num-threads N       threads of each job on the CPU (default: 1)
#   --allow-pipes true    run the commands in wav.scp (default: false)

nj=4 cmd=run.pl stage=0 model= checkpoint=final prior_scale=1.0 use_gpu=no num_threads=1 allow_pipes=false
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
needs 3
data=${arguments[0]} srcdir=${arguments[1]} dir=${arguments[2]}
model=${model:-$srcdir/final.mdl}

if stage 0 "log-likelihoods (logs: $dir/log/dump.*.log)"; then
  need "$data/wav.scp" "$data/utt2spk" "$srcdir/final.yaml" "$model"
  split_data "$data"
  mkdir -p "$dir/log"
  echo "$nj" >"$dir/num_jobs"
  $cmd JOB=1:"$nj" "$dir/log/dump.JOB.log" OMP_NUM_THREADS="$num_threads" blasr dump --data "$data/split$nj/JOB" \
    --experiment "$srcdir" --model "$model" --checkpoint "$checkpoint" --prior-scale "$prior_scale" \
    --device "$(device)" --nj "$num_threads" $(pipes_option) --out "$dir/dump.JOB" || job_failed "$dir"/log/dump.*.log
fi

if stage 1 "join the results of the jobs"; then
  blasr dump --combine $(numbered "$dir/dump.") --out "$dir" >&2
fi
