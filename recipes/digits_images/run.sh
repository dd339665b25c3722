#!/usr/bin/env bash
# digits_images: a narrow bL-ResNet-50 beside its plain baseline on scikit-learn's scans of handwritten digits:
# equal epochs, three seeds, accuracy and time. Two and a half minutes on one core.
#
#   recipes/digits_images/run.sh [--stage N] [--work DIR] [--seeds "0 1 2"] [--epochs N] [--report FILE]
#
# Everything is written under --work, the table to --report too.
set -euo pipefail

stage=0
work=exp/digits_images
seeds="0 1 2"
epochs=
report=
. "$(dirname "$0")/../common/options.sh"
[ ${#arguments[@]} -eq 0 ] || { usage >&2; fail "found ${arguments[0]}, expected options only"; }
report=${report:-$work/RESULTS.md}
compare() { python -m recipes.digits_images.compare "$work" --seeds $seeds ${epochs:+--epochs "$epochs"} "$@"; }

if stage 0 "images"; then
  python -m recipes.digits_images.prepare "$work/data"
fi
if stage 1 "training, each model with each seed"; then
  compare
fi
if stage 2 "table"; then
  compare --report "$report"
fi
