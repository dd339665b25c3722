#!/usr/bin/env bash
# Aligns a data directory with a blasr network, or with GMMs from blasr align. Replaces steps/nnet3/align.sh.
#
# Usage: steps/blasr/align.sh [options] <data-dir> <lang-dir> <src-dir> <align-dir>
# e.g.:  steps/blasr/align.sh --nj 20 --cmd queue.pl data/train data/lang exp/blasr exp/blasr_ali
#
# <align-dir> receives ali.JOB.gz, num_jobs, tree, final.mdl and phones.txt; the logs are <align-dir>/log/align.JOB.log.
#
# Options:
#   --nj N                jobs, at most as many as speakers (default: 4)
#   --cmd CMD             the program that runs the jobs (default: run.pl)
#   --beam X              beam of the search (default: 10)
#   --retry-beam X        beam of the second attempt (default: 40)
#   --acoustic-scale X    scale of the acoustic log-likelihoods (default: 0.1)
#   --checkpoint NAME     final, or epochN (default: final)
#   --prior-scale X       weight of the log priors (default: 1.0)
#   --max-loss X          share of the utterances that may fail (default: 0.05)
#   --use-gpu yes|no|optional (default: no)
#   --num-threads N       threads of each job on the CPU (default: 1)
#   --allow-pipes true    run the commands in wav.scp (default: false)

nj=4 cmd=run.pl stage=0 beam=10 retry_beam=40 acoustic_scale=0.1 checkpoint=final prior_scale=1.0 max_loss=0.05
use_gpu=no num_threads=1 allow_pipes=false
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
needs 4
data=${arguments[0]} lang=${arguments[1]} srcdir=${arguments[2]} dir=${arguments[3]}

if stage 0 "align (logs: $dir/log/align.*.log)"; then
  need "$data/wav.scp" "$data/utt2spk" "$data/text" "$lang/phones.txt" "$lang/L.fst" "$srcdir/final.mdl" "$srcdir/tree"
  source=(--gmm "$srcdir")
  if [ -f "$srcdir/final.yaml" ]; then
    source+=(--experiment "$srcdir" --checkpoint "$checkpoint" --prior-scale "$prior_scale" --device "$(device)")
  fi
  split_data "$data"
  mkdir -p "$dir/log"
  $cmd JOB=1:"$nj" "$dir/log/align.JOB.log" OMP_NUM_THREADS="$num_threads" blasr align --data "$data/split$nj/JOB" \
    --lang "$lang" "${source[@]}" --nj "$num_threads" --max-loss "$max_loss" --set "beam=$beam" \
    --set "retry_beam=$retry_beam" --set "acoustic_scale=$acoustic_scale" $(pipes_option) --out "$dir/align.JOB" \
    '&&' mv "$dir/align.JOB/ali.1.gz" "$dir/ali.JOB.gz" || job_failed "$dir"/log/align.*.log
fi

if stage 1 "join the results of the jobs"; then
  for file in tree final.mdl phones.txt; do cp "$dir/align.1/$file" "$dir/$file"; done
  for folder in $(numbered "$dir/align."); do rm -r "$folder"; done
  echo "$nj" >"$dir/num_jobs"
fi
