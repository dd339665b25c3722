#!/usr/bin/env bash
# The paper's Table 3 on AN4: every variant trained alike on each fold and seed, and the table of what each reaches.
#
#   recipes/an4/table3.sh CORPUS_DIR [--work DIR] [--variants "resnet22 bl_resnet22_a2b3 ..."] [--num-folds N]
#       [--folds "0 1 2"] [--seeds "0 1"] [--width X] [--epochs N] [--rate HZ] [--dev-speakers N] [--nj N]
#
# CORPUS_DIR is the folder `an4` of CMU with etc/ and wav/. All speakers are split into --num-folds test sets; --folds
# are those to run. The variants of a fold share its alignments. A finished run appends one row to
# WORK/HZ/wX_eN/runs.jsonl and is not repeated; an interrupted training resumes. LM weight and penalty are tuned on the
# dev speakers of the fold. The table is written to WORK/HZ/wX_eN/TABLE3.md from all rows that are there.
set -euo pipefail

work=exp/an4_table3
variants="resnet22 bl_resnet22_a2b3 bl_resnet22_a4b2 bl_resnet22_a4b1 bl_resnet22_a4b3 bl_resnet22_a4b1_cat \
  bl_pyr_resnet22_a4b1"
num_folds=3
dev_speakers=6
folds="0 1 2"
seeds="0 1"
width=0.125
epochs=10
rate=16000
nj=1
stage=0
. "$(dirname "$0")/systems.sh"
results=$work/$rate/w${width}_e${epochs}

# prepare_fold K: data, lang, alignments of train and dev, and graph of fold K, each unless it is there.
prepare_fold() {
  fold=$work/$rate/fold$1of$num_folds
  data=$fold/data lang=$fold/lang lm=$fold/lm.arpa gmm=$fold/tri graph=$fold/tri/graph
  [ ! -e "$fold/done" ] || return 0
  python -m recipes.an4.prepare "$corpus" --out "$data" --rate "$rate" --folds "$num_folds" --fold "$1" \
    --dev-speakers "$dev_speakers"
  make_lang
  make_lm "$data/train/text" "$lm"
  train_gmm "$gmm" train
  blasr align --data "$data/dev" --lang "$lang" --gmm "$gmm" --nj "$nj" --out "$fold/tri_dev"
  touch "$fold/done"
}

# run_once VARIANT FOLD SEED: train, decode and score a run, and append its row.
run_once() {
  local run=fold$2of$num_folds/$1_seed$3 fold
  grep -qsF "\"run\": \"$run\"" "$results/runs.jsonl" && return
  echo "== $run (after ${SECONDS} s)" >&2
  prepare_fold "$2"
  blasr train "$root/conf/an4_bl_resnet22_a2b3.yaml" --experiment "$results/$run" \
    --set model.name="$1" --set model.width="$width" --set features.sample_rate="$rate" \
    --set data.train="$data/train" --set data.alignments="$gmm" \
    --set data.valid="$data/dev" --set data.valid_alignments="$fold/tri_dev" \
    --set training.epochs="$epochs" --set training.seed="$3" --set training.keep_checkpoints=1
  decode_and_score "$results/$run" --experiment "$results/$run" dev test
  python -m recipes.an4.runs "$results/$run" --data "$data/test" --out "$results/runs.jsonl"
  rm -f "$results/$run"/{dev,test}/{lat.ark,loglikes.ark}
}

for seed in $seeds; do
  for fold in $folds; do
    for variant in $variants; do run_once "$variant" "$fold" "$seed"; done
  done
done
python -m recipes.an4.table3 "$results/runs.jsonl" --out "$results/TABLE3.md"
