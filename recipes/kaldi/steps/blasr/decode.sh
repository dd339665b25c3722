#!/usr/bin/env bash
# Decodes a data directory with a blasr network and a Kaldi graph. Replaces steps/nnet*/decode.sh.
#
# Usage: steps/blasr/decode.sh [options] <graph-dir> <data-dir> <decode-dir>
# e.g.:  steps/blasr/decode.sh --nj 4 --cmd queue.pl exp/tri4/graph data/test exp/blasr/decode_test
#
# The network is in the folder above <decode-dir>, unless --srcdir names another folder. <decode-dir> receives
# lat.JOB.gz, num_jobs, wer_LMWT_WIP and scoring/, with logs in log/ and scoring/log/. Lattices come from
# latgen-faster-mapped if it is on the PATH, and from blasr's decoder otherwise. Scores come from local/score.sh if Kaldi
# is installed, and from blasr otherwise.
#
# On the CPU, each job computes the log-likelihoods and pipes them into its decoder; nothing is stored but
# log/manifest.JOB.json, which records the network and the data. With a GPU, or to keep them, dump.sh writes them first.
#
# Options:
#   --nj N                jobs, at most as many as speakers (default: 4)
#   --cmd CMD             the program that runs the jobs (default: run.pl)
#   --stage N             1 starts with the lattices, 2 with the scores (default: 0)
#   --srcdir DIR          folder of the network (default: the one above <decode-dir>)
#   --model FILE          final.mdl of the graph (default: <srcdir>/final.mdl)
#   --acwt X              acoustic scale; affects only the pruning (default: 0.1)
#   --beam X --lattice-beam X --max-active N --min-active N   options of the search (default: 13.0 8.0 7000 200)
#   --decoder NAME        kaldi, blasr, or auto (default: auto)
#   --keep-loglikes true  store the log-likelihoods, 4 bytes for every frame and pdf (default: false)
#   --skip-scoring true   only write lattices (default: false)
#   --scoring-opts "..."  options of local/score.sh or steps/blasr/score.sh, such as "--min-lmwt 4 --max-lmwt 15"
#   --checkpoint NAME --prior-scale X --use-gpu yes|no|optional --num-threads N --allow-pipes true: see dump.sh

nj=4 cmd=run.pl stage=0 srcdir= model= acwt=0.1 beam=13.0 lattice_beam=8.0 max_active=7000 min_active=200 max_mem=50000000
decoder=auto keep_loglikes=false skip_scoring=false scoring_opts= checkpoint=final prior_scale=1.0 use_gpu=no num_threads=1
allow_pipes=false
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
needs 3
graphdir=${arguments[0]} data=${arguments[1]} dir=${arguments[2]}
srcdir=${srcdir:-$(dirname "$dir")}
model=${model:-$srcdir/final.mdl}
if [ "$decoder" = auto ]; then
  if command -v latgen-faster-mapped >/dev/null; then decoder=kaldi; else decoder=blasr; fi
fi
need "$graphdir/HCLG.fst" "$graphdir/words.txt" "$model"

if [ "$stage" -le 0 ]; then # before any job
  blasr dump --check --experiment "$srcdir" --checkpoint "$checkpoint" --model "$model" --data "$data" \
    --graph "$graphdir" $(pipes_option) --out "$dir" >&2
fi

network=(--data "$data/split$nj/JOB" --experiment "$srcdir" --model "$model" --checkpoint "$checkpoint"
  --prior-scale "$prior_scale" --device cpu --nj "$num_threads" $(pipes_option))
latgen=(latgen-faster-mapped --min-active="$min_active" --max-active="$max_active" --max-mem="$max_mem" --beam="$beam"
  --lattice-beam="$lattice_beam" --acoustic-scale="$acwt" --allow-partial=true
  --word-symbol-table="$graphdir/words.txt" "$model" "$graphdir/HCLG.fst")
search=(blasr decode --min-active "$min_active" --max-active "$max_active" --beam "$beam" --lattice-beam "$lattice_beam"
  --acoustic-scale "$acwt" --graph "$graphdir" --lang "$graphdir")
lattices=("ark:|gzip -c > $dir/lat.JOB.gz")
pack=(--out "$dir/decode.JOB" '&&' gzip -c "$dir/decode.JOB/lat.ark" '>' "$dir/lat.JOB.gz" '&&' rm "$dir/decode.JOB/lat.ark")
[ "$decoder" = kaldi ] || [ "$decoder" = blasr ] || fail "--decoder is $decoder, expected kaldi, blasr or auto"
stored=true
if [ "$keep_loglikes" != true ] && [ "$(device)" = cpu ]; then stored=false; fi

if [ "$stored" = true ] && stage 0 "log-likelihoods (logs: $dir/log/dump.*.log)"; then
  "$here/dump.sh" --nj "$nj" --cmd "$cmd" --model "$model" --checkpoint "$checkpoint" --prior-scale "$prior_scale" \
    --use-gpu "$use_gpu" --num-threads "$num_threads" --allow-pipes "$allow_pipes" "$data" "$srcdir" "$dir"
fi

if stage 1 "lattices by $decoder's decoder (logs: $dir/log/decode.*.log)"; then
  run=($cmd JOB=1:"$nj" "$dir/log/decode.JOB.log")
  if [ "$stored" = true ]; then
    blasr decode --check --graph "$graphdir" --model "$model" --loglikes "scp:$dir/loglikes.scp" --out "$dir"
    loglikes="scp:$dir/dump.JOB/loglikes.scp"
    case "$decoder" in
      kaldi) "${run[@]}" "${latgen[@]}" "$loglikes" "${lattices[@]}" || job_failed "$dir"/log/decode.*.log ;;
      blasr) "${run[@]}" "${search[@]}" --model "$model" --nj "$num_threads" --loglikes "$loglikes" "${pack[@]}" ||
        job_failed "$dir"/log/decode.*.log ;;
    esac
    if [ "$keep_loglikes" != true ]; then rm $(numbered "$dir/dump." | sed 's|$|/loglikes.ark|'); fi
  else
    split_data "$data"
    mkdir -p "$dir/log"
    rm -f "$dir"/log/manifest.*.json
    case "$decoder" in
      kaldi) "${run[@]}" OMP_NUM_THREADS="$num_threads" blasr dump "${network[@]}" --out ark:- \
        --manifest "$dir/log/manifest.JOB.json" '|' "${latgen[@]}" ark:- "${lattices[@]}" ||
        job_failed "$dir"/log/decode.*.log
        # Not every program that runs jobs notices that the first program of a pipe has failed.
        need $(numbered "$dir/log/manifest." | sed 's|$|.json|') ;;
      blasr) "${run[@]}" OMP_NUM_THREADS="$num_threads" "${search[@]}" "${network[@]}" "${pack[@]}" ||
        job_failed "$dir"/log/decode.*.log ;;
    esac
  fi
  echo "$nj" >"$dir/num_jobs"
fi

if [ "$skip_scoring" != true ] && stage 2 "score"; then
  if [ -x local/score.sh ] && command -v lattice-best-path >/dev/null; then
    local/score.sh $scoring_opts --cmd "$cmd" "$data" "$graphdir" "$dir"
  else
    "$here/score.sh" $scoring_opts --cmd "$cmd" "$data" "$graphdir" "$dir"
  fi
fi
