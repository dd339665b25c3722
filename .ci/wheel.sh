#!/usr/bin/env bash
# Build the sdist and the wheel, install the wheel into a fresh environment, and use it outside of the repository.
#
#   .ci/wheel.sh [--work DIR] [--python PYTHON]
#
# PYTHON (default: .venv/bin/python) has blasr's dependencies and the package `build`. The fresh environment borrows its
# dependencies, so that nothing is downloaded, but not its blasr. The wheel is built from the sdist: nothing may be missing.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
work=
python=$repository/.venv/bin/python
while [ $# -gt 0 ]; do
  case "$1" in
    --work) work=$2 && shift 2 ;;
    --python) python=$2 && shift 2 ;;
    *) echo "$0: error: unknown argument $1" >&2; exit 2 ;;
  esac
done
work=$(realpath -m "${work:-$(mktemp -d)}")
mkdir -p "$work"

echo "== build" >&2
"$python" -m build --no-isolation --outdir "$work/dist" "$repository" >"$work/build.log" || { tail -n 20 "$work/build.log"; exit 1; }
wheel=$(ls "$work"/dist/*.whl)
ls -l "$work/dist"

echo "== install" >&2
"$python" -m venv --without-pip "$work/env"
"$python" -m pip --disable-pip-version-check --python "$work/env/bin/python" install --quiet --no-deps --no-index "$wheel"
# Lines of a .pth file become folders on the path; .pth files inside these, such as that of an editable blasr, are not read.
"$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' \
  >"$("$work/env/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/borrowed.pth"

unset PYTHONPATH
export PATH=$work/env/bin:$PATH
cd "$work"
where=$(python -c 'import blasr; print(blasr.__file__)')
case "$where" in
  "$work"/env/*) echo "imported: $where" ;;
  *) echo "$0: error: imported $where, expected the wheel's blasr in $work/env" >&2; exit 1 ;;
esac
version=$(python -c 'import blasr; print(blasr.__version__)')
[ "$(blasr --version)" = "blasr $version" ] || { echo "$0: error: found $(blasr --version)" >&2; exit 1; }

echo "== doctor" >&2
blasr doctor

echo "== a recipe, and a tiny system with its configuration" >&2
blasr init recipe
blasr init recipe demo --out system
cd system
recipes/demo/run.sh --help
export PYTHONPATH=$PWD
python -m recipes.demo.synthesize --train 1 --dev 1 --test 1 --out data
blasr data check data/train
blasr lang --lexicon recipes/demo/lexicon.txt --silence-phones SIL,SPN --oov '<unk>' --out lang
blasr align --data data/train --lang lang --set monophone.num_iters=6 --set monophone.max_iter_inc=5 --set triphone.num_iters=4 \
  --set triphone.max_iter_inc=3 --set triphone.realign_iters=[2] --set triphone.num_leaves=60 --set triphone.totgauss=100 --out tri
blasr train conf/demo_bl_resnet22_a2b3.yaml --experiment net --set data.train=data/train --set data.alignments=tri \
  --set model.width=0.03125 --set training.epochs=1
blasr graph --lang lang --gmm tri --text data/lm.txt --no-utterance-ids --order 2 --out graph
blasr dump --experiment net --data data/test --out dump
blasr decode --graph graph --model tri/final.mdl --lang lang --loglikes scp:dump/loglikes.scp --out decode
blasr score text --ref data/test/text --lattices decode --words lang/words.txt --lm-weights 10 --word-ins-penalties 0
echo "the wheel works: $wheel"
