"""Kaldi data directories from the Free Spoken Digit Dataset (FSDD): single digits, and strings joined from them.

Recordings 0-4 of each speaker and digit are the test set and 5-49 the training set, as FSDD defines them. Recordings
47-49 are held out of training and joined into the strings of ``dev``, on which the language model weight is tuned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blasr.cli.options import add_option
from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.io.text_lines import read_fields
from recipes.common.command import run_step, step_parser
from recipes.common.data import Item, write_data_dir
from recipes.common.waveforms import Gaps, join, read_wav, write_wav
from recipes.fsdd.sessions import divide, items_of

RATE = 8000
WORDS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
TEST_INDICES = range(5)
DEV_INDICES = range(47, 50)
STRING_LENGTHS = (3, 7)

# The dev strings (and the test strings, unless they are given) have the short clear pauses of telephone digits.
# The pauses of the training strings vary more, so that the network does not learn one kind of pause.
PAUSES = Gaps(lead=(0.1, 0.2), between=(0.05, 0.2), tail=(0.05, 0.2), noise=3)
VARIED_PAUSES = Gaps(lead=(0.02, 0.3), between=(0.0, 0.3), tail=(0.02, 0.3), noise=5)


@dataclass(frozen=True, order=True)
class Recording:
    """One spoken digit: ``DIGIT_SPEAKER_INDEX.wav`` of the corpus."""

    speaker: str
    digit: int
    index: int
    path: Path

    @property
    def id(self) -> str:
        """The utterance-id, ``SPEAKER-DIGIT-INDEX``."""
        return f"{self.speaker}-{self.digit}-{self.index:02d}"

    @property
    def item(self) -> Item:
        """The recording as one utterance."""
        return Item(self.id, self.speaker, (WORDS[self.digit],), self.path)


@dataclass(frozen=True)
class Strings:
    """Joined strings, and the ids of the recordings in each of them."""

    items: tuple[Item, ...]
    parts: dict[str, tuple[str, ...]]


def find_recordings(corpus: Path) -> list[Recording]:
    """Return the recordings in ``corpus`` or its folder ``recordings``, sorted.

    Raises:
        DataError: there are none.
    """
    folder = corpus / "recordings" if (corpus / "recordings").is_dir() else corpus
    matches = ((path, re.fullmatch(r"(\d)_([a-z]+)_(\d+)\.wav", path.name)) for path in folder.glob("*.wav"))
    recordings = sorted(Recording(m[2], int(m[1]), int(m[3]), path) for path, m in matches if m)
    if not recordings:
        message = "found no recordings named DIGIT_SPEAKER_INDEX.wav"
        raise DataError(message, path=folder, fix="give the folder `recordings` of free-spoken-digit-dataset")
    return recordings


def join_strings(
    kind: str, recordings: Iterable[Recording], per_speaker: int, gaps: Gaps, folder: Path, seed: int
) -> Strings:
    """Write ``per_speaker`` strings of each speaker's ``recordings`` into ``folder``; ids are ``SPEAKER-KIND000``.

    The strings of a speaker depend only on the seed, the kind and the recordings of that speaker.
    """
    items: list[Item] = []
    parts: dict[str, tuple[str, ...]] = {}
    chosen = sorted(recordings)
    for speaker in sorted({recording.speaker for recording in chosen}):
        candidates = [recording for recording in chosen if recording.speaker == speaker]
        audio = {recording: read_wav(recording.path, RATE) for recording in candidates}
        generator = np.random.default_rng([seed, *f"{kind} {speaker}".encode()])
        for number in range(per_speaker):
            length = int(generator.integers(STRING_LENGTHS[0], STRING_LENGTHS[1] + 1))
            picked = [candidates[i] for i in generator.integers(0, len(candidates), length)]
            name = f"{speaker}-{kind}{number:03d}"
            samples = join([audio[recording] for recording in picked], gaps, RATE, generator)
            wav = write_wav(folder / f"{name}.wav", samples, RATE)
            items.append(Item(name, speaker, tuple(WORDS[recording.digit] for recording in picked), wav))
            parts[name] = tuple(recording.id for recording in picked)
    return Strings(tuple(items), parts)


def read_connected(folder: Path) -> list[Item]:
    """Return the strings in a folder with ``wav/UTTERANCE.wav``, ``text`` and ``utt2spk``.

    Raises:
        DataError: an utterance has no speaker or no wav file.
        FormatError: ``text`` or ``utt2spk`` cannot be read.
    """
    fix = "give a folder with wav/, text and utt2spk"
    speakers = {fields[0]: fields[-1] for _, fields in read_fields(folder / "utt2spk", fix=fix)}
    items = []
    for _, (name, *words) in read_fields(folder / "text", fix=fix):
        wav = folder / "wav" / f"{name}.wav"
        if name not in speakers or not wav.is_file():
            message = "is in text but not in utt2spk" if name not in speakers else f"has no wav/{name}.wav"
            raise DataError(message, path=folder, utterance=name, fix="complete the folder")
        items.append(Item(name, speakers[name], tuple(words), wav))
    return items


@dataclass(frozen=True)
class Split:
    """The recordings of the three sets."""

    train: list[Recording]
    dev: list[Recording]
    test: list[Recording]


def split_recordings(corpus: Path, leave_out: str | None) -> Split:
    """Split the recordings as FSDD does, or test on all recordings of the speaker ``leave_out``.

    Raises:
        DataError: there are no recordings, or none of that speaker.
    """
    recordings = find_recordings(corpus)
    speakers = sorted({recording.speaker for recording in recordings})
    if leave_out is not None and leave_out not in speakers:
        message = f"no recordings of the speaker {leave_out!r} to leave out"
        raise DataError(message, path=corpus, fix=f"choose one of {', '.join(speakers)}")
    kept = [recording for recording in recordings if recording.speaker != leave_out]
    test = [recording for recording in kept if recording.index in TEST_INDICES]
    if leave_out is not None:
        test = [recording for recording in recordings if recording.speaker == leave_out]
    return Split(
        [recording for recording in kept if recording.index not in {*TEST_INDICES, *DEV_INDICES}],
        [recording for recording in kept if recording.index in DEV_INDICES],
        test,
    )


def prepare(
    corpus: Path,
    out: Path,
    connected: Path | None,
    leave_out: str | None,
    train_strings: int,
    dev_strings: int,
    test_strings: int,
    seed: int,
) -> None:
    """Write the data directories under ``out``; the options are described by ``--help``.

    Raises:
        DataError: the corpus or the folder of connected strings does not have the published layout.
    """
    split = split_recordings(corpus, leave_out)
    wav = out / "wav"
    train_joined = join_strings("joined", split.train, train_strings, VARIED_PAUSES, wav, seed)
    dev_joined = join_strings("dev", split.dev, dev_strings, PAUSES, wav, seed)
    isolated = [recording.item for recording in split.train]
    write_data_dir(out / "train_isolated", isolated)
    write_data_dir(out / "train_joined", train_joined.items)
    write_data_dir(out / "train", [*isolated, *train_joined.items])
    sessions = [*divide("isolated", isolated, seed), *divide("joined", train_joined.items, seed)]
    write_data_dir(out / "train_sessions", items_of(sessions))
    recorded = [item for session in sessions for item in session.recorded(out / "recorded_wav", RATE)]
    write_data_dir(out / "train_recorded", recorded)
    write_data_dir(out / "dev", dev_joined.items)
    write_data_dir(out / "test_isolated", (recording.item for recording in split.test))
    parts = train_joined.parts | dev_joined.parts
    if connected is not None:
        write_data_dir(out / "test_connected", read_connected(connected))
    elif leave_out is None:
        test_joined = join_strings("conn", split.test, test_strings, PAUSES, wav, seed)
        write_data_dir(out / "test_connected", test_joined.items)
        parts |= test_joined.parts
    with atomic_open(out / "strings.txt", "w") as stream:  # the recordings in each joined string
        stream.writelines(f"{name} {' '.join(parts[name])}\n" for name in sorted(parts))
    for name in ("train", "train_sessions", "train_recorded", "dev", "test_isolated"):
        DataDir.read(out / name, need_text=True)


def main() -> None:
    parser = step_parser("recipes.fsdd.prepare", __doc__)
    parser.add_argument("corpus", type=Path, metavar="CORPUS_DIR", help="the folder of DIGIT_SPEAKER_INDEX.wav files")
    add_option(parser, "--out", required=True, note="the folder that receives the data directories")
    parser.add_argument(
        "--connected", type=Path, metavar="DIR", help="digit strings to test on (default: joined from test recordings)"
    )
    parser.add_argument(
        "--leave-out", metavar="SPEAKER", help="train without this speaker and test on all of this speaker's recordings"
    )
    for name, number in (("train", 60), ("dev", 12), ("test", 6)):
        text = f"joined {name} strings per speaker (default: {number})"
        parser.add_argument(f"--{name}-strings", type=int, default=number, metavar="N", help=text)
    add_option(parser, "--seed", note="for the joined strings")
    run_step(parser, prepare)


if __name__ == "__main__":
    main()
