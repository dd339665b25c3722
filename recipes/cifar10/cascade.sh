#!/usr/bin/env bash
# CIFAR-10: cascades (Little-Big). A little network classifies every image, and a big one those that it is not sure of.
#
#   recipes/cifar10/cascade.sh CORPUS [--model resnet20] [--big-width 1] [--little-widths "0.5 0.35"] [--epochs N]
#                              [--max-degradation 0.2] [--seed N] [--work DIR] [--report FILE] [--short]
#
# Both networks are --model, at different widths. Each threshold is chosen on one half of the test images, which no network
# was trained on: the fewest MACs that lose at most --max-degradation points. The table has the other half. DIR may be that
# of run.sh, whose network is then the big one. Run it again to resume.
set -euo pipefail

work=exp/cifar10
model=resnet20
big_width=1
little_widths="0.5 0.35"
epochs=15
max_degradation=0.2
seed=0
report=
train_options=      # more options of blasr vision train
short=false         # 60 images of each class and 2 epochs, to see that everything runs
stage=0
. "$(dirname "$0")/../common/options.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS"; }
limit=
[ "$short" = false ] || { limit=60 epochs=2 train_options="--set data.batch_size=50"; }
data=$work/data

# train OUT WIDTH: one network, unless it is finished.
train() {
  blasr vision train "$root/conf/vision/cifar10_resnet20.yaml" --experiment "$1" --set model.name="$model" \
    --set model.width="$2" --set training.epochs="$epochs" --set training.seed="$seed" \
    --set training.schedule.warmup_epochs="$(awk "BEGIN { print 0.3 * $epochs }")" \
    --set data.train="$data/train" --set data.valid="$data/test" $train_options
}

if stage 0 "images"; then
  [ -d "$data" ] || python -m recipes.cifar10.prepare "$corpus" --out "$data" ${limit:+--limit "$limit"}
  [ -d "$work/halves" ] || python -m recipes.cifar10.halves "$data/test" --out "$work/halves"
fi
big=$work/$model
[ "$big_width" = 1 ] || big=$work/${model}_w$big_width
if stage 1 "networks"; then
  train "$big" "$big_width"
  for width in $little_widths; do train "$work/${model}_w$width" "$width"; done
fi
cascades=()
for width in $little_widths; do cascades+=("$work/cascade_w${width}_w$big_width"); done
if stage 2 "thresholds"; then
  for width in $little_widths; do
    blasr vision cascade --little "$work/${model}_w$width" --big "$big" --data "$work/halves/held_out" --batch-size 250 \
      --num-thresholds 99 --max-degradation "$max_degradation" --out "$work/cascade_w${width}_w$big_width"
  done
fi
if stage 3 "the other half of the test images"; then
  python -m recipes.cifar10.cascade_table "${cascades[@]}" --data "$work/halves/test" --out "${report:-$work/CASCADE.md}" \
    --command "recipes/cifar10/cascade.sh CORPUS --model $model --big-width $big_width \
--little-widths \"$little_widths\" --epochs $epochs --max-degradation $max_degradation --seed $seed"
fi
