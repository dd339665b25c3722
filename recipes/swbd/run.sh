#!/usr/bin/env bash
# The paper's experiment: train on Switchboard-1 and Fisher (2000 hours), choose epoch and prior scale on RT-02, and
# compare Hub5'00 (SWB, CH, all) with Table 3 of the paper, for all seven variants.
#
#   recipes/swbd/run.sh [--stage N] [--work DIR] [--nj N] [--gpus N] [--swbd1 DIR ...] [OPTION VALUE ...]
#
# Set the folders of LDC's discs in recipes/swbd/paths.sh or by the options of the same names; see README.md.
# recipes/swbd/rehearse.sh runs all of this on a small synthetic corpus in the same layouts.
set -euo pipefail

stage=0
last=8                # the last stage to run
work=exp/swbd
nj=4                  # workers on this machine
gpus=1                # training processes of torchrun; 1 on a machine without a GPU
. "$(dirname "$0")/paths.sh"

max_repeats=300       # copies of an utterance that are kept in the training set (0: all)
heldout_every=40      # every Nth Switchboard conversation is held out to interpolate the language models
vocabulary=30500      # words
order=4               # order of the n-grams
min_counts=1,1,2,2    # minimum count of the n-grams of each order
ngrams=4000000        # maximum number of n-grams after pruning
flat_start=400000     # utterances that train the GMMs (0: all); all utterances are aligned
num_leaves=32000      # CD states
totgauss=400000       # Gaussians
align_options=        # more options of blasr align, such as --set monophone.num_iters=20
kaldi_ali=            # use these alignments of Kaldi (exp/tri4_ali): tree, final.mdl and ali.*.gz
kaldi_lang=           # the lang folder of these alignments

variants="resnet22 bl_resnet22_a4b1 bl_resnet22_a4b2 bl_resnet22_a4b3 bl_resnet22_a2b3 bl_resnet22_a4b1_cat bl_pyr_resnet22_a4b1"
train_options=        # more options of blasr train, such as --set training.precision=auto
epochs="10 12 14 15 16"
prior_scales="0.6 0.8 1.0"
first_prior_scale=0.8 # the prior scale while the epoch is chosen
lm_weights=7-20
word_ins_penalties=0,0.5,1
beam=13
parts=20              # Hub5'00 is decoded in parts; fewer parts need more disk, see evaluation.sh
. "$(dirname "$0")/../common/options.sh"
[ ${#arguments[@]} -eq 0 ] || fail "found ${arguments[0]}, expected only options"
[ -z "$kaldi_ali" ] || [ -n "$kaldi_lang" ] || fail "--kaldi-ali needs --kaldi-lang, the lang folder of the alignments"

data=$work/data lm=$work/lm lang=${kaldi_lang:-$work/lang} gmm=${kaldi_ali:-$work/tri_ali} graph=$work/graph
. "$root/recipes/swbd/preparation.sh"
. "$root/recipes/swbd/evaluation.sh"
run_stage() { [ "$1" -le "$last" ] && stage "$1" "$2"; }

if run_stage 0 "data directories from the discs"; then prepare_data; fi
if run_stage 1 "lexicon of $vocabulary words and lang"; then prepare_lang; fi
if run_stage 2 "$order-gram language model of at most $ngrams n-grams"; then train_lm; fi
if run_stage 3 "alignments with $num_leaves CD states"; then align_training_set; fi
if run_stage 4 "decoding graph"; then compile_graph; fi
for variant in $variants; do
  network=$work/$variant
  if run_stage 5 "$variant: training"; then train_network; fi
  if run_stage 6 "$variant: epoch and prior scale on RT-02"; then tune_on_rt02; fi
  if run_stage 7 "$variant: Hub5'00"; then score_hub5; fi
done
if run_stage 8 "table"; then
  experiments=()
  for variant in $variants; do experiments+=("$variant=$work/$variant"); done
  python -m recipes.swbd.hub5_table --out "$work/RESULTS" "${experiments[@]}"
fi
