"""Kaldi data directories from the yesno corpus (OpenSLR 1): 60 recordings of one speaker, eight words in each.

Split as Kaldi's recipe does it: the first half of the sorted recordings trains, the second half tests.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from blasr.errors import DataError
from recipes.common.command import run_command
from recipes.common.data import Item, write_data_dir

WORDS = {"0": "NO", "1": "YES"}
SPEAKER = "global"


def find_recordings(corpus: Path) -> list[Item]:
    """The recordings in ``corpus`` or its folder ``waves_yesno``, sorted; their names are their transcripts.

    Raises:
        DataError: there are none.
    """
    folder = corpus / "waves_yesno" if (corpus / "waves_yesno").is_dir() else corpus
    paths = sorted(path for path in folder.glob("*.wav") if re.fullmatch(r"[01](_[01]){7}", path.stem))
    if not paths:
        message = "found no recordings named by eight words, such as 0_1_0_0_1_1_0_1.wav"
        raise DataError(message, path=folder, fix="give the folder waves_yesno of openslr.org/1")
    return [Item(path.stem, SPEAKER, tuple(WORDS[bit] for bit in path.stem.split("_")), path) for path in paths]


def prepare(args: argparse.Namespace) -> None:
    """Write ``train`` and ``test`` under ``args.out``.

    Raises:
        DataError: the corpus is not as published.
    """
    items = find_recordings(args.corpus)
    half = len(items) // 2
    write_data_dir(args.out / "train", items[:half])
    write_data_dir(args.out / "test", items[half:])


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.yesno.prepare", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR", help="the folder waves_yesno")
    parser.add_argument("out", type=Path, metavar="OUT", help="where the data directories go")
    run_command(parser, prepare)


if __name__ == "__main__":
    main()
