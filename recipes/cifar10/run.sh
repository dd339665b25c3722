#!/usr/bin/env bash
# CIFAR-10: networks in float, as binary patterns (SEP-Nets), and with binary 1x1 convolutions too, compared on the test set.
#
#   recipes/cifar10/run.sh CORPUS [--models "resnet20 sep_resnet20"] [--keep "[stem]"] [--epochs N] [--tuning-epochs N]
#                          [--seed N] [--stage N] [--work DIR] [--report FILE] [--short]
#
# CORPUS is the archive or the folder of the images, train/CLASS/*.jpg and test/CLASS/*.jpg. Each model is trained in float
# for --epochs, binarized, and trained further for --tuning-epochs, once with the signs as they are and once with signs that
# are trained; a model with 1x1 convolutions (sep_resnet20) also with these binarized, and with 8 bits. --keep lists what
# stays in float. Run it again to resume. Everything is written under --work, the table also to --report.
set -euo pipefail

stage=0
work=exp/cifar10
models="resnet20 sep_resnet20"
keep="[stem]"
epochs=15
tuning_epochs=5
seed=0
report=
train_options=      # more options of blasr vision train, such as --set training.precision=float32
short=false         # 60 images of each class and 2 epochs, to see that everything runs
. "$(dirname "$0")/../common/options.sh"
corpus=${arguments[0]:-}
[ -n "$corpus" ] || { usage >&2; fail "no CORPUS"; }
limit=
[ "$short" = false ] || { limit=60 epochs=2 tuning_epochs=1 train_options="--set data.batch_size=50"; }
data=$work/data

# train OUT CONFIG MODEL EPOCHS OPTION...: one network, unless it is finished.
train() {
  blasr vision train "$root/conf/vision/$2.yaml" --experiment "$1" --set model.name="$3" --set training.epochs="$4" \
    --set training.schedule.warmup_epochs="$(awk "BEGIN { print 0.3 * $4 }")" --set training.seed="$seed" \
    --set data.train="$data/train" --set data.valid="$data/test" "${@:5}" $train_options
}

# binarized MODEL NAME POINTWISE SIGNS: the second stage of MODEL.
binarized() {
  train "$work/$1_$2" cifar10_resnet20_patterns "$1" "$tuning_epochs" --set initialize_from="$work/$1" \
    --set binarize.keep="$keep" --set binarize.pointwise="$3" --set binarize.signs="$4"
}

if stage 0 "images"; then
  [ -d "$data" ] || python -m recipes.cifar10.prepare "$corpus" --out "$data" ${limit:+--limit "$limit"}
fi
if stage 1 "networks in float"; then
  for model in $models; do train "$work/$model" cifar10_resnet20 "$model" "$epochs"; done
fi
if stage 2 "binary patterns"; then
  for model in $models; do binarized "$model" patterns float fixed; binarized "$model" signs float trained; done
fi
if stage 3 "1x1 convolutions as patterns and with 8 bits"; then
  for model in $models; do
    case $model in sep_*) binarized "$model" patterns_1x1 patterns fixed; binarized "$model" int8 int8 fixed ;; esac
  done
fi
if stage 4 "test set"; then
  python -m recipes.cifar10.results "$work" --models $models --out "${report:-$work/RESULTS.md}" \
    --command "recipes/cifar10/run.sh CORPUS --models \"$models\" --keep \"$keep\" --epochs $epochs \
--tuning-epochs $tuning_epochs --seed $seed"
fi
