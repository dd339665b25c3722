"""The layout of CMU's AN4: ``etc/`` with transcripts and dictionary, ``wav/`` with the audio.

``etc/an4_train.fileids`` lists ``an4_clstk/SPEAKER/NAME`` and ``etc/an4_train.transcription`` the line
``<s> WORD... </s> (NAME)`` for each; the test set has the same two files. Other files of ``etc/``, such as an editor's
``an4_test.transcription253239``, are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.errors import DataError, FormatError
from blasr.io.text_lines import read_fields
from blasr.tally import Tally

EXTENSIONS: Final = (".flac", ".wav", ".sph", ".raw")
LAYOUT_FIX: Final = "give the folder `an4` of the corpus, which has etc/ and wav/"


@dataclass(frozen=True, order=True)
class Recording:
    """One utterance of the corpus.

    Attributes:
        name: CMU's name, such as ``an251-fash-b``.
        speaker: the speaker, such as ``fash``; the first letter is f or m.
        words: the transcript.
        audio: the file with the speech.
        official_set: "train" or "test".
    """

    name: str
    speaker: str
    words: tuple[str, ...]
    audio: Path
    official_set: str

    @property
    def id(self) -> str:
        """The utterance-id of Kaldi's recipe, with the speaker in front: ``fash-an251-b``."""
        parts = self.name.split("-")
        return "-".join([self.speaker, *(part for part in parts if part != self.speaker)])


def read_pronunciations(corpus: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Return the words of ``etc/an4.dic`` with their phones, without the marks of variants: ``A(2)`` becomes ``A``.

    Raises:
        DataError: the file is missing.
        FormatError: a word has no phones.
    """
    path = corpus / "etc" / "an4.dic"
    pronunciations = []
    for number, (word, *phones) in read_fields(path, fix=LAYOUT_FIX):
        if not phones:
            raise FormatError(f"{word} has no phones", path=path, line=number, fix="remove the line")
        pronunciations.append((re.sub(r"\(\d+\)$", "", word), tuple(phones)))
    return pronunciations


def read_transcripts(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the words of each utterance of a file of lines ``<s> WORD... </s> (NAME)``.

    Raises:
        FormatError: a line has no name, or a name occurs twice.
    """
    transcripts: dict[str, tuple[str, ...]] = {}
    for number, fields in read_fields(path, fix=LAYOUT_FIX):
        match = re.fullmatch(r"\((\S+)\)", fields[-1])
        if match is None or match[1] in transcripts:
            what = f"found {fields[-1]!r}" if match is None else f"found {match[1]} a second time"
            message = f"{what}, expected words and then the utterance's own name in parentheses"
            raise FormatError(message, path=path, line=number, fix="correct the line")
        transcripts[match[1]] = tuple(word for word in fields[:-1] if word not in ("<s>", "</s>"))
    return transcripts


def find_recordings(corpus: Path, tally: Tally) -> list[Recording]:
    """Return the utterances of both official sets, sorted, and count those that lack audio or a transcript.

    Raises:
        DataError: ``etc/`` or ``wav/`` is missing.
        FormatError: a file of ``etc/`` is broken.
    """
    for part in ("etc", "wav"):
        if not (corpus / part).is_dir():
            raise DataError(f"found no folder {part}/", path=corpus, fix=LAYOUT_FIX)
    recordings = []
    listed: set[str] = set()
    for official_set in ("train", "test"):
        etc = corpus / "etc"
        transcripts = read_transcripts(etc / f"an4_{official_set}.transcription")
        fileids = etc / f"an4_{official_set}.fileids"
        for number, (stem, *rest) in read_fields(fileids, fix=LAYOUT_FIX):
            parts = Path(stem).parts
            if rest or len(parts) != 3:
                message = f"found {' '.join([stem, *rest])!r}, expected FOLDER/SPEAKER/NAME"
                raise FormatError(message, path=fileids, line=number, fix="correct the line")
            listed.add(stem)
            name = parts[-1]
            audio = _audio_of(corpus / "wav" / stem)
            if name not in transcripts:
                tally.drop(name, "without a transcript")
            elif audio is None:
                tally.drop(name, "without audio")
            else:
                recordings.append(Recording(name, parts[1], transcripts[name], audio, official_set))
        names = {Path(stem).name for stem in listed}
        for name in sorted(transcripts.keys() - names):
            tally.drop(name, "not in the list of files")
    for path in sorted((corpus / "wav").rglob("*")):
        stem = path.relative_to(corpus / "wav").with_suffix("").as_posix()
        if path.suffix in EXTENSIONS and stem not in listed:
            tally.drop(path.stem, "audio without a transcript")
            listed.add(stem)
    return sorted(recordings)


def _audio_of(stem: Path) -> Path | None:
    """Return the audio file with this name and any of the known extensions."""
    candidates = (stem.with_name(stem.name + extension) for extension in EXTENSIONS)
    return next((path for path in candidates if path.is_file()), None)
