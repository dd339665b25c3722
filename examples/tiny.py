"""A tiny recognizer of digits for the notebooks: synthetic speech, labels and a network, made in about a minute."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from blasr.cli.main import main
from recipes.demo.synthesize import synthesize_sets

ROOT = Path(__file__).resolve().parents[1]
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def blasr(line: str) -> None:
    """Run a command line of blasr in this process; RuntimeError if it fails."""
    print(f"$ blasr {line}")
    status = main(shlex.split(line))
    if status:
        raise RuntimeError(f"blasr ended with exit status {status}")


def four_digits(generator: np.random.Generator) -> tuple[str, ...]:
    """Draw a sentence."""
    return tuple(DIGITS[index] for index in generator.integers(0, len(DIGITS), 4))


def make_kaldi_directory(folder: Path) -> None:
    """Write what a Kaldi recipe leaves: ``data``, ``lang``, ``ali`` and ``graph``. Nothing happens if it is there."""
    if (folder / "graph" / "HCLG.fst").exists():
        return
    synthesize_sets(folder / "data", {"train": 4, "dev": 2, "test": 2}, "en-us", four_digits, seed=0, nj=1)
    lines = (ROOT / "recipes" / "demo" / "lexicon.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    lexicon = [line for line in lines if line.split()[0] in (*DIGITS, "<unk>")]
    (folder / "lexicon.txt").write_text("".join(lexicon), encoding="utf-8")
    blasr(f"lang --lexicon {folder}/lexicon.txt --silence-phones SIL,SPN --oov '<unk>' --out {folder}/lang")
    blasr(
        f"align --data {folder}/data/train --lang {folder}/lang --mono-only --out {folder}/ali "
        "--set monophone.num_iters=12 --set monophone.max_iter_inc=9 --set monophone.totgauss=200 "
        "--set monophone.realign_iters=[1,2,3,4,6,8,10]"
    )
    blasr(f"graph --lang {folder}/lang --gmm {folder}/ali --loop {','.join(DIGITS)} --out {folder}/graph")


def train_network(folder: Path) -> None:
    """Train a network on :func:`make_kaldi_directory`'s alignments. The same call again resumes, or does nothing."""
    blasr(
        f"train {ROOT}/conf/demo_bl_resnet22_a2b3.yaml --experiment {folder}/network "
        f"--set data.train={folder}/data/train --set data.alignments={folder}/ali --set model.width=0.125 "
        "--set training.epochs=5 --set training.precision=bfloat16 --set chunks.batch_frames=400"
    )
