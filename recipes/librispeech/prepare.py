"""Kaldi data directories from LibriSpeech's own layout: PART/SPEAKER/CHAPTER/*.flac with CHAPTER.trans.txt.

The names of the parts are options, so that the whole corpus (``train-clean-100``, ``dev-clean``, ``test-clean``) and a
smaller copy of it (``train``, ``dev``, ``test``) are read alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blasr.cli.options import add_option, positive_integer, positive_number, words
from blasr.errors import DataError
from blasr.io.audio import audio_info
from blasr.io.text_lines import read_fields
from blasr.tally import Tally
from recipes.common.command import run_step, step_parser
from recipes.common.data import Item, write_data_dir

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Recording:
    """One utterance, which fills a FLAC file, and its length."""

    item: Item
    seconds: float


def find_part(corpus: Path, part: str) -> Path:
    """Return the folder of a part.

    Raises:
        DataError: there is no such folder.
    """
    folder = corpus / part
    if folder.is_dir():
        return folder
    if not corpus.is_dir():
        raise DataError("no such folder", path=corpus, fix="give the folder that has the parts of LibriSpeech")
    parts = sorted(path.name for path in corpus.iterdir() if path.is_dir())
    found = ", ".join(parts) or "no folders"
    fix = "give the names of the parts with --train, --dev and --test"
    raise DataError(f"no part {part!r}; found {found}", path=corpus, fix=fix)


def read_chapter(folder: Path, tally: Tally) -> Iterator[tuple[str, tuple[str, ...], Path]]:
    """Yield the utterance-id, words and FLAC file of every utterance of ``SPEAKER/CHAPTER``.

    Audio without a transcript and transcripts without audio are counted as dropped.
    """
    audio = {path.stem: path for path in sorted(folder.glob("*.flac"))}
    for transcripts in sorted(folder.glob("*.trans.txt")):
        for _, (name, *transcript) in read_fields(transcripts):
            path = audio.pop(name, None)
            if path is None or not transcript:
                tally.drop(name, "without words" if path else "without audio")
                continue
            yield name, tuple(transcript), path
    for name in audio:
        tally.drop(name, "without a transcript")


def read_parts(corpus: Path, parts: Sequence[str], rate: int, tally: Tally) -> list[Recording]:
    """Return the utterances of the parts, sorted by utterance-id.

    Raises:
        DataError: a part is missing, a file is not audio or has another sample rate, or too much was dropped.
    """
    found = []
    for part in parts:
        for chapter in sorted(find_part(corpus, part).glob("*/*/")):
            for name, transcript, path in read_chapter(chapter, tally):
                info = audio_info(str(path))
                if info.sample_rate != rate:
                    message = f"has {info.sample_rate} Hz, expected {rate} Hz"
                    fix = f"give --rate {info.sample_rate} if all files have that rate, or resample the corpus"
                    raise DataError(message, path=path, fix=fix)
                item = Item(name, chapter.parent.name, transcript, path)
                found.append(Recording(item, info.num_samples / info.sample_rate))
                tally.keep()
    if not found:
        layout = "PART/SPEAKER/CHAPTER/*.flac with CHAPTER.trans.txt"
        raise DataError(f"no utterances in {', '.join(parts)}; expected {layout}", path=corpus, fix="check the folder")
    print(tally.summary())
    tally.check()
    return sorted(found, key=lambda recording: recording.item.id)


def choose_hours(recordings: Sequence[Recording], hours: float | None) -> list[Recording]:
    """Return about ``hours`` of the utterances, taken in turn from every speaker; None for all utterances."""
    if hours is None:
        return list(recordings)
    speakers: dict[str, list[Recording]] = {}
    for recording in recordings:
        speakers.setdefault(recording.item.speaker, []).append(recording)
    chosen: list[Recording] = []
    for turn in range(max(map(len, speakers.values()))):
        for queue in speakers.values():
            if turn < len(queue) and sum(recording.seconds for recording in chosen) < hours * SECONDS_PER_HOUR:
                chosen.append(queue[turn])
    return sorted(chosen, key=lambda recording: recording.item.id)


def prepare(
    corpus: Path,
    out: Path,
    train: Sequence[str],
    dev: Sequence[str],
    test: Sequence[str],
    rate: int,
    train_hours: float | None,
    test_hours: float | None,
) -> None:
    """Write ``train``, ``dev`` and ``test`` under ``out``; the options are described by ``--help``.

    Raises:
        DataError: the corpus does not have the published layout, or a speaker is in two of the three sets.
    """
    speakers: dict[str, str] = {}
    sets = {}
    for name, parts, hours in (("train", train, train_hours), ("dev", dev, test_hours), ("test", test, test_hours)):
        recordings = read_parts(corpus, parts, rate, Tally(name, 0.05))
        for speaker in {recording.item.speaker for recording in recordings}:
            if speakers.setdefault(speaker, name) != name:
                message = f"speaker {speaker} is in {speakers[speaker]} and in {name}"
                raise DataError(message, path=corpus, fix="choose parts without common speakers")
        sets[name] = choose_hours(recordings, hours)
    for name, recordings in sets.items():
        write_data_dir(out / name, (recording.item for recording in recordings))
        total = sum(recording.seconds for recording in recordings)
        print(f"{out / name}: {total / SECONDS_PER_HOUR:.2f} hours")


def main() -> None:
    parser = step_parser("recipes.librispeech.prepare", __doc__)
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR", help="the folder that has the parts")
    add_option(parser, "--out", required=True, note="the folder that receives the data directories")
    for name, purpose in (("train", "to train on"), ("dev", "to tune on"), ("test", "to test on")):
        text = f"parts {purpose}, such as {name}-clean (default: {name})"
        parser.add_argument(f"--{name}", type=words, default=(name,), metavar="LIST", help=text)
    text = "sample rate of all files in Hz (default: %(default)s)"
    parser.add_argument("--rate", type=positive_integer, default=8000, metavar="HZ", help=text)
    for name, sets in (("train", "the training set"), ("test", "each of the other two sets")):
        text = f"hours of {sets} to use, taken from all speakers in turn (default: all)"
        parser.add_argument(f"--{name}-hours", type=positive_number, metavar="X", help=text)
    run_step(parser, prepare)


if __name__ == "__main__":
    main()
