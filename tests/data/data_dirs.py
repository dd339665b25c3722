"""Small data directories for tests, and functions that spoil them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from blasr.data.check import Problem

RAMP = np.arange(8000, dtype=np.int16)
"""The audio of every call."""

UNSORTED = {
    "utt2spk": "bob-2 bob\nann-1 ann\nann-2 ann\nbob-1 bob\nbob-1 bob\ncat-1 cat\ndan-1 dan\n",
    "text": "ann-1 one two\nbob-1 three\nbob-2 four\neve-1 lost\ndan-1 five\nann-2  two  spaces\n",
    "segments": "bob-1 rec2 0.5 1.5\nann-1 rec1 0.10 2.00\nann-2 rec1 2.00 3.25\nbob-2 rec3 0 1\ncat-1 rec2 1.5 2\n"
    "dan-1 rec2 4 5\n",
    "wav.scp": "rec2 cat /x/rec2.wav |\nrec1 /x/rec1.wav\nrec9 /x/rec9.wav\n",
    "spk2gender": "ann f\nbob m\ncat f\n",
    "reco2file_and_channel": "rec1 rec1 A\nrec2 rec2 A\nrec9 rec9 B\n",
}
"""A directory with every kind of disorder that utils/fix_data_dir.sh fixes."""

FIXED = {
    "utt2spk": "ann-1 ann\nann-2 ann\nbob-1 bob\n",
    "spk2utt": "ann ann-1 ann-2\nbob bob-1\n",
    "text": "ann-1 one two\nann-2  two  spaces\nbob-1 three\n",
    "segments": "ann-1 rec1 0.10 2.00\nann-2 rec1 2.00 3.25\nbob-1 rec2 0.5 1.5\n",
    "wav.scp": "rec1 /x/rec1.wav\nrec2 cat /x/rec2.wav |\n",
    "spk2gender": "ann f\nbob m\n",
    "reco2file_and_channel": "rec1 rec1 A\nrec2 rec2 A\n",
}
"""What Kaldi's script made of it."""


def write(path: Path, files: dict[str, str]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).write_text(content)
    return path


def read(path: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in path.iterdir() if file.is_file()}


def speakers(path: Path, sizes: dict[str, int]) -> Path:
    """A directory without segments, with the given number of utterances for each speaker."""
    names = [(f"{speaker}-{index:02d}", speaker) for speaker, size in sizes.items() for index in range(size)]
    return write(
        path,
        {
            "utt2spk": "".join(f"{name} {speaker}\n" for name, speaker in names),
            "spk2utt": "".join(
                " ".join([speaker, *(name for name, owner in names if owner == speaker)]) + "\n" for speaker in sizes
            ),
            "wav.scp": "".join(f"{name} /x/{name}.wav\n" for name, _ in names),
            "text": "".join(f"{name} word\n" for name, _ in names),
            "feats.scp": "".join(f"{name} f.ark:{index}\n" for index, (name, _) in enumerate(names)),
            "cmvn.scp": "".join(f"{speaker} c.ark:{size}\n" for speaker, size in sizes.items()),
            "utt2dur": "".join(f"{name} {(index * 7) % 10 + 1}.5\n" for index, (name, _) in enumerate(names)),
        },
    )


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace a part of a file."""

    def apply(folder: Path) -> None:
        path = folder / name
        data = path.read_bytes()
        assert old.encode() in data
        path.write_bytes(data.replace(old.encode(), new.encode("utf-8", "surrogateescape")))

    return apply


def overwrite(name: str, content: str) -> Callable[[Path], None]:
    """Replace a whole file."""

    def apply(folder: Path) -> None:
        (folder / name).write_text(content)

    return apply


def remove(*names: str) -> Callable[[Path], None]:
    """Delete files."""

    def apply(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return apply


def find_problem(problems: list[Problem], folder: Path, name: str, line: int | None, message: str) -> Problem:
    place = folder / name if name else folder
    found = [item for item in problems if item.path == place and item.line == line and message in item.message]
    assert found, problems
    assert found[0].fix
    return found[0]
