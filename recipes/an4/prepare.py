"""Kaldi data directories and the lexicon from CMU's AN4: the official split, or a fold of a cross-validation."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from blasr.cli.options import add_option, positive_integer
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.progress import track
from blasr.tally import Tally
from recipes.an4.audio import CORPUS_RATE, usable_audio
from recipes.an4.corpus import Recording, find_recordings, read_pronunciations
from recipes.an4.splits import fold_split, official_split
from recipes.common.command import run_step, step_parser
from recipes.common.data import Item, write_data_dir

SILENCE, OOV = ("<SIL>", "SIL"), ("<UNK>", "SPN")
MOST_LISTED: Final = 10


def prepare(
    corpus: Path,
    out: Path,
    rate: int,
    dev_speakers: int,
    folds: int | None,
    fold: int,
    seed: int,
    missing_words: str,
    max_loss: float,
) -> None:
    """Write ``lexicon.txt`` and the data directories; ``--help`` describes the options.

    ``dev`` has the training speakers that are held out, ``train`` the others, ``train_all`` both.

    Raises:
        BlasrError: the corpus does not have the published layout, a file is broken, or too much is lost.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    tally = Tally("an4", max_loss=max_loss)
    recordings = find_recordings(corpus, tally)
    pronunciations = read_pronunciations(corpus)
    if not recordings:
        tally.check()
    if folds is None:
        split = official_split(recordings, dev_speakers, seed)
    else:
        split = fold_split(recordings, fold, folds, dev_speakers, seed)
    known = {word for word, _ in pronunciations}
    items = list(_items(_in_vocabulary(recordings, known, missing_words, tally), rate, out / "audio", tally))
    print(tally.summary())
    tally.check()
    sets = {"train": split.train, "dev": split.dev, "train_all": split.train | split.dev, "test": split.test}
    for name, speakers in sets.items():
        write_data_dir(out / name, [item for item in items if item.speaker in speakers])
    with atomic_open(out / "lexicon.txt", "w") as stream:
        for word, phones in sorted({(SILENCE[0], (SILENCE[1],)), (OOV[0], (OOV[1],)), *pronunciations}):
            stream.write(f"{word} {' '.join(phones)}\n")


def _in_vocabulary(
    recordings: Sequence[Recording], known: Collection[str], missing_words: str, tally: Tally
) -> Iterator[Recording]:
    """Yield the recordings to keep, and say which words the dictionary lacks.

    Raises:
        DataError: there are such words, and ``missing_words`` is "error".
    """
    unknown = Counter(word for recording in recordings for word in recording.words if word not in known)
    if unknown:
        listed = ", ".join(f"{word} ({count})" for word, count in unknown.most_common(MOST_LISTED))
        more = f" and {len(unknown) - MOST_LISTED} more" if len(unknown) > MOST_LISTED else ""
        message = f"the transcripts have {len(unknown)} word(s) that the dictionary lacks: {listed}{more}"
        if missing_words == "error":
            fix = "add them to etc/an4.dic, or give --missing-words drop or oov"
            raise DataError(message, path="etc/an4.dic", fix=fix)
        print(message)
    for recording in recordings:
        if missing_words == "drop" and any(word in unknown for word in recording.words):
            tally.drop(recording.name, "with a word outside the dictionary")
        else:
            yield recording


def _items(recordings: Iterator[Recording], rate: int, folder: Path, tally: Tally) -> Iterator[Item]:
    """Yield the utterances with audio at ``rate``; damaged files are dropped and counted."""
    for recording in track(list(recordings), "audio"):
        try:
            audio = usable_audio(recording.audio, rate, folder)
        except DataError as error:
            if "Hz" in error.message:  # rates that differ concern the whole corpus
                raise
            tally.drop_error(recording.name, error)
        else:
            tally.keep()
            yield Item(recording.id, recording.speaker, recording.words, audio)


def main() -> None:
    parser = step_parser("recipes.an4.prepare", __doc__)
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR", help="the folder an4 with etc/ and wav/")
    add_option(parser, "--out", required=True, note="the folder that receives the data directories")
    text = "sample rate in Hz; 8000 resamples to the telephone band (default: %(default)s)"
    parser.add_argument("--rate", type=int, choices=(8000, CORPUS_RATE), default=CORPUS_RATE, help=text)
    text = "training speakers that are held out to tune on (default: %(default)s)"
    parser.add_argument("--dev-speakers", type=positive_integer, default=6, metavar="N", help=text)
    text = "split all speakers into N test sets instead of the official split"
    parser.add_argument("--folds", type=positive_integer, metavar="N", help=text)
    text = "which of the N, from 0 (default: %(default)s)"
    parser.add_argument("--fold", type=int, default=0, metavar="K", help=text)
    text = "words outside the dictionary: refuse them, drop their utterances, or train <UNK> (default: %(default)s)"
    parser.add_argument("--missing-words", choices=("error", "drop", "oov"), default="error", help=text)
    add_option(parser, "--max-loss", default=0.05)
    add_option(parser, "--seed", note="for the choice of speakers")
    run_step(parser, prepare)


if __name__ == "__main__":
    main()
