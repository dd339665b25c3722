#!/usr/bin/env bash
# Rehearse recipes/swbd without LDC's discs: every stage of run.sh on a small SYNTHETIC corpus in the same layouts
# (two-channel telephone conversations between voices of eSpeak NG). Prints the Hub5'00 table; its word error rates show
# that the recipe works, and say nothing about human speech.
#
#   recipes/swbd/rehearse.sh [--short] [--work DIR] [--nj N] [--stage N] [--variants "NAME ..."]
#
# Trains narrow models of all seven variants, --nj at a time (2). With --short: fewer conversations and one variant.
set -euo pipefail

short=false rest=()
for argument in "$@"; do
  if [ "$argument" = --short ]; then short=true; else rest+=("$argument"); fi
done
set -- "${rest[@]}"
work=
variants=
nj=2
stage=0
. "$(dirname "$0")/../common/options.sh"

conversations=(--swbd1 5 --fisher 2 --rt02 2 --hub5 2 --turns 12)
sizes=(--flat-start 250 --num-leaves 300 --totgauss 1500)
all_variants="resnet22 bl_resnet22_a4b1 bl_resnet22_a4b2 bl_resnet22_a4b3 bl_resnet22_a2b3 bl_resnet22_a4b1_cat bl_pyr_resnet22_a4b1"
if $short; then
  conversations=(--swbd1 4 --fisher 1 --rt02 1 --hub5 1 --turns 11)
  sizes=(--flat-start 120 --num-leaves 200 --totgauss 1000)
  all_variants=bl_resnet22_a2b3
fi
variants=${variants:-$all_variants}
work=${work:-exp/swbd_rehearsal$($short && echo _short || true)}
corpora=$work/corpora
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# rehearse OPTION...: run run.sh with small settings.
rehearse() {
  "$root/recipes/swbd/run.sh" --work "$work" "${sizes[@]}" \
    --swbd1 "$corpora/LDC97S62" --ms98 "$corpora/swb_ms98_transcriptions" \
    --fisher "$corpora/LDC2004S13 $corpora/LDC2004T19 $corpora/LDC2005S13 $corpora/LDC2005T19" \
    --hub5-speech "$corpora/LDC2002S09" --hub5-text "$corpora/LDC2002T43" --rt02 "$corpora/LDC2004S11" \
    --max-repeats 10 --heldout-every 3 --vocabulary 500 --order 3 --min-counts 1 --ngrams 1000 \
    --epochs "2 3" --prior-scales "0.8 1.0" --lm-weights 8,10,12,14,16 --parts 1 \
    --train-options "--set model.width=0.125 --set training.epochs=3 --set data.valid_share=0.05 \
      --set chunks.chunk_frames=150 --set chunks.batch_frames=300 --set chunks.num_workers=0 \
      --set chunks.cache_mb=300 --set training.threads=1 --set training.schedule.kind=cosine \
      --set training.schedule.warmup_epochs=0.3 --set training.log_interval=20" "$@"
}

if stage 0 "synthesize the discs"; then
  [ ! -e "$work/data" ] || fail "$work already has a rehearsal; fix: remove it, give another --work, or give --stage"
  python -m recipes.swbd.rehearsal.build --out "$corpora" "${conversations[@]}" --nj "$nj"
fi
if [ "$stage" -le 4 ]; then rehearse --stage "$stage" --last 4 --nj "$nj"; fi
if [ "$stage" -le 7 ]; then
  running=0 failed=
  for variant in $variants; do
    if [ "$running" -ge "$nj" ]; then wait -n || failed=yes; running=$((running - 1)); fi
    echo "== $variant: stages 5 to 7, log in $work/$variant.log (after $SECONDS s)" >&2
    rehearse --stage $((stage > 5 ? stage : 5)) --last 7 --variants "$variant" --nj 1 >"$work/$variant.log" 2>&1 &
    running=$((running + 1))
  done
  for ((; running > 0; running--)); do wait -n || failed=yes; done
  [ -z "$failed" ] || { tail -n 5 "$work"/*resnet22*.log >&2; fail "a variant failed"; }
fi
rehearse --stage 8 --variants "$variants"
echo "SYNTHETIC speech: these rates show that the recipe works from end to end. The paper's rates: human speech, 2000 hours."
