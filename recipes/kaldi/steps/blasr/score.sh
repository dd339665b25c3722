#!/usr/bin/env bash
# Scores lattices at every LM weight and word insertion penalty. Replaces Kaldi's local/score.sh and needs no Kaldi.
#
# Usage: steps/blasr/score.sh [options] <data-dir> <lang-dir|graph-dir> <decode-dir>
# e.g.:  steps/blasr/score.sh --min-lmwt 4 data/test exp/tri4/graph exp/blasr/decode_test
#
# <decode-dir> has lat.*.gz and receives wer_LMWT_WIP (for utils/best_wer.sh), scoring/LMWT.WIP.tra (word-ids),
# scoring/LMWT.WIP.txt (words), scoring/test_filt.txt (references) and scoring/log/score.log (a table of all settings).
#
# Options:
#   --cmd CMD                    the program that runs the job (default: run.pl)
#   --min-lmwt N --max-lmwt N    LM weights (default: 7 17)
#   --word-ins-penalty X,X,...   word insertion penalties (default: 0.0,0.5,1.0)

cmd=run.pl stage=0 min_lmwt=7 max_lmwt=17 word_ins_penalty=0.0,0.5,1.0
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
needs 3
data=${arguments[0]} lang=${arguments[1]} dir=${arguments[2]}
need "$data/text" "$lang/words.txt" "$dir/lat.1.gz"

rm -f "$dir"/wer_*
mkdir -p "$dir/scoring/log"
$cmd "$dir/scoring/log/score.log" blasr score text --ref "$data/text" --lattices "$dir" --words "$lang/words.txt" \
  --lm-weights "$min_lmwt-$max_lmwt" --word-ins-penalties "$word_ins_penalty" --kaldi-dir "$dir" ||
  job_failed "$dir"/scoring/log/score.log
grep -H '^%WER' "$dir"/wer_* | sort -k2,2n | sed -n '1s/^\([^:]*\):\(.*\)/\2 \1/p'
