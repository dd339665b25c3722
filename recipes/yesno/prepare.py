"""Kaldi data directories from the yesno corpus (OpenSLR 1): 60 recordings of one speaker, eight words in each.

The split is that of Kaldi's recipe: the first half of the sorted recordings is for training, the second half for the
test.
"""

from __future__ import annotations

import re
from pathlib import Path

from blasr.cli.options import add_option
from blasr.errors import DataError
from recipes.common.command import run_step, step_parser
from recipes.common.data import Item, write_data_dir

WORDS = {"0": "NO", "1": "YES"}
SPEAKER = "global"


def find_recordings(corpus: Path) -> list[Item]:
    """Return the recordings in ``corpus`` or its folder ``waves_yesno``, sorted. Their names are their transcripts.

    Raises:
        DataError: there are none.
    """
    folder = corpus / "waves_yesno" if (corpus / "waves_yesno").is_dir() else corpus
    paths = sorted(path for path in folder.glob("*.wav") if re.fullmatch(r"[01](_[01]){7}", path.stem))
    if not paths:
        message = "found no recordings with names of eight words, such as 0_1_0_0_1_1_0_1.wav"
        raise DataError(message, path=folder, fix="give the folder waves_yesno of openslr.org/1")
    return [Item(path.stem, SPEAKER, tuple(WORDS[bit] for bit in path.stem.split("_")), path) for path in paths]


def prepare(corpus: Path, out: Path) -> None:
    """Write the data directories ``out/train`` and ``out/test``.

    Raises:
        DataError: the corpus does not have the published layout.
    """
    items = find_recordings(corpus)
    half = len(items) // 2
    write_data_dir(out / "train", items[:half])
    write_data_dir(out / "test", items[half:])


def main() -> None:
    parser = step_parser("recipes.yesno.prepare", __doc__)
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR", help="the folder waves_yesno")
    add_option(parser, "--out", required=True, note="the folder that receives the data directories")
    run_step(parser, prepare)


if __name__ == "__main__":
    main()
