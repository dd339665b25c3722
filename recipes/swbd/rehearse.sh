#!/usr/bin/env bash
# Rehearse recipes/swbd without LDC's discs: every stage of run.sh, for real, on a small SYNTHETIC corpus in the same
# layouts (two-channel telephone conversations between eSpeak NG's voices). Ends with the Hub5'00 table; its word error
# rates say that the recipe works, and nothing about people's speech.
#
#   recipes/swbd/rehearse.sh [--short] [--work DIR] [--nj N] [--variants "NAME ..."]
#
# All seven variants, narrow; under 20 minutes on 2 cores. --short: fewer conversations, one variant, under 3 minutes.
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
parts=2
run=(--flat-start 250 --num-leaves 300 --totgauss 1500)
network="--set model.width=0.125 --set training.epochs=3 --set training.learning_rate=0.03 --set data.valid_share=0.05"
if $short; then
  conversations=(--swbd1 4 --fisher 1 --rt02 1 --hub5 1 --turns 11)
  run=(--flat-start 120 --num-leaves 200 --totgauss 1000)
  parts=1
  variants=${variants:-bl_resnet22_a2b3}
fi
work=${work:-exp/swbd_rehearsal$($short && echo _short || true)}
corpora=$work/corpora
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

if stage 0 "synthesise the discs"; then
  [ ! -e "$work/data" ] || fail "$work holds a rehearsal already; fix: remove it, name another --work, or give --stage"
  python -m recipes.swbd.rehearsal.build "$corpora" "${conversations[@]}" --jobs "$nj"
fi
if [ -n "$variants" ]; then run+=(--variants "$variants"); fi
"$root/recipes/swbd/run.sh" --work "$work" --stage "$stage" --nj "$nj" "${run[@]}" \
  --swbd1 "$corpora/LDC97S62" --ms98 "$corpora/swb_ms98_transcriptions" \
  --fisher "$corpora/LDC2004S13 $corpora/LDC2004T19 $corpora/LDC2005S13 $corpora/LDC2005T19" \
  --hub5-speech "$corpora/LDC2002S09" --hub5-text "$corpora/LDC2002T43" --rt02 "$corpora/LDC2004S11" \
  --max-repeats 10 --heldout-every 3 --vocabulary 500 --order 3 --min-counts 1 --ngrams 1000 \
  --epochs "2 3" --prior-scales "0.8 1.0" --lm-weights 8,10,12,14,16 --parts "$parts" \
  --train-options "$network --set chunks.chunk_frames=150 --set chunks.batch_frames=300 --set chunks.num_workers=0 \
    --set chunks.cache_mb=300 --set training.threads=1 --set training.schedule.kind=cosine \
    --set training.schedule.warmup_epochs=0.3 --set training.log_interval=20"
echo "SYNTHETIC speech: these rates say that the recipe works from end to end. The paper's are of people, 2000 hours."
