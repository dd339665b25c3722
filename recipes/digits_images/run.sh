#!/usr/bin/env bash
# digits_images: a narrow bL-ResNet-50 and its plain baseline on scikit-learn's scans of handwritten digits. Both are
# trained for the same number of epochs with three seeds; the table has accuracy and time. 2.5 minutes on one core.
#
#   recipes/digits_images/run.sh [--stage N] [--work DIR] [--seeds "0 1 2"] [--epochs N] [--report FILE]
#
# Everything is written under --work; the table also to --report.
set -euo pipefail

stage=0
work=exp/digits_images
seeds="0 1 2"
epochs=
report=
. "$(dirname "$0")/../common/options.sh"
[ ${#arguments[@]} -eq 0 ] || { usage >&2; fail "found ${arguments[0]}, expected only options"; }
report=${report:-$work/RESULTS.md}
compare() { python -m recipes.digits_images.compare "$work" --seeds $seeds ${epochs:+--epochs "$epochs"} "$@"; }

if stage 0 "images"; then
  python -m recipes.digits_images.prepare --out "$work/data"
fi
if stage 1 "training, each model with each seed"; then
  compare
fi
if stage 2 "table"; then
  compare --report "$report"
fi
