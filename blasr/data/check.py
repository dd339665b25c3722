"""Check of a Kaldi data directory: one pass finds every problem, with its line and the fix."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from blasr.errors import DataError, FormatError
from blasr.io.kaldi.pipes import FILE_FIX, file_before_pipe
from blasr.io.recording_entry import is_pipe
from blasr.io.symbols import RESERVED_FIX, describe_reserved, is_reserved
from blasr.io.text_lines import InspectedText, describe_lines, describe_unusual, inspect_lines

TABLES = {
    "wav.scp": "RECORDING FILE",
    "segments": "UTTERANCE RECORDING START END [CHANNEL]",
    "utt2spk": "UTTERANCE SPEAKER",
    "text": "UTTERANCE WORD...",
    "spk2utt": "SPEAKER UTTERANCE...",
    "reco2file_and_channel": "RECORDING FILE CHANNEL",
}
"""The files of a data directory that blasr reads, and the fields of their lines."""

OTHER_TABLES = {
    "feats.scp": "UTTERANCE ARCHIVE:OFFSET",
    "vad.scp": "UTTERANCE ARCHIVE:OFFSET",
    "cmvn.scp": "SPEAKER ARCHIVE:OFFSET",
    "spk2gender": "SPEAKER m|f",
    "utt2lang": "UTTERANCE LANGUAGE",
    "utt2uniq": "UTTERANCE UTTERANCE",
    "utt2dur": "UTTERANCE SECONDS",
    "utt2num_frames": "UTTERANCE FRAMES",
    "reco2dur": "RECORDING SECONDS",
}
"""The files that only Kaldi's programs read, and the fields of their lines."""

_FIELD = re.compile(r"[^ \t\r\v\f]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and how to fix it.

    ``fatal`` is False for problems that Kaldi's scripts refuse but blasr accepts, for example unsorted lines.
    """

    path: Path
    line: int | None
    message: str
    fix: str
    fatal: bool = True

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        return f"{where}: {self.message}\n  fix: {self.fix}"

    def error(self) -> DataError:
        """Return the problem as an exception."""
        return DataError(self.message, path=self.path, line=self.line, fix=self.fix)


class TableEntry(NamedTuple):
    """One line of a table: its number, from 1, and what follows the key."""

    line: int
    value: str


@dataclass
class DataFiles:
    """The tables of a data directory as read from its files, and the problems found."""

    path: Path
    tables: dict[str, dict[str, TableEntry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, name: str, line: int | None, message: str, fix: str, *, fatal: bool = True) -> None:
        """Add a problem of the file called ``name``."""
        self.problems.append(Problem(self.path / name, line, message, fix, fatal))

    def read(self, name: str) -> None:
        """Read one table of ``KEY REST`` lines; lines that cannot be used are reported and left out."""
        entries = self.tables[name] = {}
        path = self.path / name
        try:
            text = inspect_lines(path)
        except FormatError as error:
            self.report(name, None, error.message, error.fix or "make the file readable")
            return
        self._report_characters(name, text)
        previous = ""
        for number, raw in enumerate(text.lines, start=1):
            key, value = self._fields(name, number, raw)
            if not key:
                continue
            if key in entries:
                message = f"{key} appears twice, first on line {entries[key].line}"
                self.report(name, number, message, "keep one of the two lines")
                continue
            if key < previous:  # code points sort as their UTF-8 bytes do
                message = f"{key} comes after {previous}, which is not the C locale's order"
                self.report(name, number, message, f"sort it: LC_ALL=C sort -o {path} {path}", fatal=False)
            previous = key
            entries[key] = TableEntry(number, value)

    def _report_characters(self, name: str, text: InspectedText) -> None:
        """Report what is wrong with the bytes of a file, each kind once."""
        path = self.path / name
        if text.has_byte_order_mark:
            fix = f"remove it: LC_ALL=C sed -i '1s/^\\xef\\xbb\\xbf//' {path}"
            self.report(name, 1, "starts with a byte order mark", fix, fatal=False)
        if text.carriage_returns:
            where = describe_lines(text.carriage_returns)
            message = f"{len(text.carriage_returns):,} line(s) end with a carriage return: {where}"
            fix = f"remove them: sed -i 's/\\r$//' {path}"
            self.report(name, text.carriage_returns[0], message, fix, fatal=False)
        if text.unusual:
            first = text.unusual[0]
            self.report(name, first.line, describe_unusual(text.unusual), first.fix(path))
        if not text.ends_in_newline:
            self.report(name, len(text.lines), "the last line has no newline", "end it with a newline", fatal=False)

    def _fields(self, name: str, number: int, raw: bytes) -> tuple[str, str]:
        """The key and the rest of a line; an empty key if the line cannot be used."""
        fields = raw.split(None, 1)  # bytes split at ASCII spaces only
        if not fields:
            self.report(name, number, "is blank", "remove the line")
            return "", ""
        try:
            key, value = fields[0].decode(), fields[1].decode().rstrip(" \t\r\v\f") if len(fields) > 1 else ""
        except UnicodeDecodeError as error:
            message = f"is not UTF-8 (byte 0x{error.object[error.start]:02x})"
            self.report(name, number, message, f"convert it: iconv -f latin1 -t utf-8 {self.path / name}")
            return "", ""
        if not value and name != "text":
            self.report(
                name, number, f"found only {key!r}, expected {(TABLES | OTHER_TABLES)[name]}", "complete the line"
            )
            return "", ""
        return key, value


def read_data_files(path: Path, *, need_text: bool = False, allow_pipes: bool = False) -> DataFiles:
    """Read every table of a data directory and check them against each other; ``.problems`` lists what was found."""
    files = DataFiles(path)
    if not path.is_dir():
        found = "is not a folder" if path.exists() else "no such folder"
        files.problems.append(Problem(path, None, found, "give the path of a Kaldi data directory"))
        return files
    if not any(path.iterdir()):
        fix = f"write wav.scp ({TABLES['wav.scp']}) and utt2spk ({TABLES['utt2spk']}) into it"
        files.problems.append(Problem(path, None, "is an empty folder", fix))
        return files
    required = ["wav.scp", "utt2spk", *(["text"] if need_text else [])]
    missing = [name for name in required if not (path / name).exists()]
    for name in missing:
        files.report(name, None, "no such file", f"write it, with lines of the form: {TABLES[name]}")
    for name in TABLES:
        if (path / name).exists():
            files.read(name)
            if (path / name).is_file() and (path / name).stat().st_size == 0:
                fatal = name in (*required, "segments")
                files.report(name, None, "is empty", f"write it, with lines of the form: {TABLES[name]}", fatal=fatal)
    if not missing:
        _check_wav_scp(files, allow_pipes)
        _check_segments(files)
        _check_ids(files, need_text)
        _check_speakers(files)
        _check_channels(files)
        _check_words(files)
    return files


def split_fields(value: str) -> list[str]:
    """Return the fields of a line. As in Kaldi, only ASCII white space separates them."""
    return _FIELD.findall(value)


def parse_segment(value: str) -> tuple[str, float, float | None, int | None]:
    """Return the fields of a line of ``segments`` after its key.

    Returns:
        the recording; the start in seconds; the end in seconds, None for the recording's end; and the channel, from 0,
        None if the line has none.

    Raises:
        ValueError: the fields are wrong; the message says how.
    """
    fields = value.split()
    if len(fields) not in (3, 4):
        raise ValueError(f"found {len(fields) + 1} fields, expected {TABLES['segments']}")
    times = []
    for text in fields[1:3]:
        try:
            times.append(float(text))
        except ValueError:
            raise ValueError(f"found {text!r}, expected a time in seconds") from None
        if not math.isfinite(times[-1]):
            raise ValueError(f"found {text!r}, expected a finite time in seconds")
    start, end = times
    if start < 0:
        raise ValueError(f"the segment starts at {start:g} s, before the recording")
    if end != -1 and end <= start:
        raise ValueError(f"the segment ends at {end:g} s, not after its start at {start:g} s")
    if len(fields) == 4 and not fields[3].isdecimal():
        raise ValueError(f"found channel {fields[3]!r}, expected a number from 0")
    return fields[0], start, None if end == -1 else end, int(fields[3]) if len(fields) == 4 else None


def parse_channel(label: str) -> int | None:
    """Return the channel, from 0, of a label of reco2file_and_channel (``A`` or ``1`` is 0); None for other labels."""
    if len(label) == 1 and label in "ABCDEFGH":
        return ord(label) - ord("A")
    return int(label) - 1 if label.isdecimal() and int(label) > 0 else None


def _check_wav_scp(files: DataFiles, allow_pipes: bool) -> None:
    for recording, entry in files.tables["wav.scp"].items():
        if is_pipe(entry.value) and (name := file_before_pipe(entry.value)) is not None:
            message = f"the entry of {recording} ends with |, but {name} is a file, not a program"
            files.report("wav.scp", entry.line, message, FILE_FIX)
        elif is_pipe(entry.value) and not allow_pipes:
            files.report(
                "wav.scp",
                entry.line,
                f"the entry of {recording} is a command, and commands run only on request",
                "write the audio to a file and name the file here, or pass --allow-pipes if you trust this wav.scp",
            )


def _check_segments(files: DataFiles) -> None:
    if "segments" not in files.tables:
        return
    recordings = files.tables["wav.scp"]
    used = set()
    for utterance, entry in files.tables["segments"].items():
        try:
            recording, *_ = parse_segment(entry.value)
        except ValueError as error:
            files.report("segments", entry.line, f"{utterance}: {error}", "correct the line")
            used.add(entry.value.split()[0])
            continue
        used.add(recording)
        if recording not in recordings:
            message = f"the recording {recording} of {utterance} is not in wav.scp"
            files.report("segments", entry.line, message, "add it to wav.scp, or remove the segment")
    for recording in recordings.keys() - used:
        message = f"no segment uses the recording {recording}"
        files.report("wav.scp", recordings[recording].line, message, "remove it, or add its segments", fatal=False)


def _check_ids(files: DataFiles, need_text: bool) -> None:
    """``segments``, or else ``wav.scp``, defines the utterances; ``utt2spk`` and ``text`` must list the same ones."""
    origin = "segments" if "segments" in files.tables else "wav.scp"
    utterances = files.tables[origin]
    for name in ("utt2spk", "text"):
        entries = files.tables.get(name)
        if entries is None:
            continue
        fatal = name == "utt2spk" or need_text
        what = "speaker" if name == "utt2spk" else "transcript"
        for line, utterance in _absent(utterances, entries):
            fix = f"add it to {name}, or remove it from {origin}"
            files.report(origin, line, f"{utterance} has no {what} in {name}", fix, fatal=fatal)
        for line, utterance in _absent(entries, utterances):
            fix = f"remove it, or add it to {origin}"
            files.report(name, line, f"{utterance} has no audio in {origin}", fix, fatal=fatal)


def _check_speakers(files: DataFiles) -> None:
    speakers = files.tables["utt2spk"]
    previous = ""
    for utterance, entry in speakers.items():
        if len(entry.value.split()) != 1:
            message = f"found {entry.value!r} for {utterance}, expected one speaker"
            files.report("utt2spk", entry.line, message, f"write {TABLES['utt2spk']}")
        elif entry.value < previous:
            message = f"the speaker {entry.value} comes after {previous}: sorting by utterance must sort by speaker too"
            fix = "begin every utterance-id with its speaker-id"
            files.report("utt2spk", entry.line, message, fix, fatal=False)
        previous = entry.value
    if "spk2utt" not in files.tables:
        fix = f"write it: blasr data fix --data {files.path}"
        files.report("spk2utt", None, "no such file", fix, fatal=False)
        return
    listed: dict[str, str] = {}
    fix = f"write it again from utt2spk: blasr data fix --data {files.path}"
    for speaker, entry in files.tables["spk2utt"].items():
        for utterance in entry.value.split():
            listed[utterance] = speaker
            found = speakers[utterance].value if utterance in speakers else None
            if found != speaker:
                message = f"{utterance} belongs to {speaker} here, and to {found or 'no speaker'} in utt2spk"
                files.report("spk2utt", entry.line, message, fix, fatal=False)
    for line, utterance in _absent(speakers, listed):
        files.report("utt2spk", line, f"{utterance} is not in spk2utt", fix, fatal=False)


def _check_channels(files: DataFiles) -> None:
    for recording, entry in files.tables.get("reco2file_and_channel", {}).items():
        fields = entry.value.split()
        if len(fields) != 2 or parse_channel(fields[-1]) is None:
            message = f"found {entry.value!r} for {recording}, expected a file's name and a channel, A or B"
            files.report("reco2file_and_channel", entry.line, message, "correct the line")
    for line, recording in _absent(files.tables["wav.scp"], files.tables.get("reco2file_and_channel", {})):
        if "reco2file_and_channel" in files.tables:
            message = f"{recording} is not in reco2file_and_channel"
            files.report("wav.scp", line, message, "add it there", fatal=False)


def _check_words(files: DataFiles) -> None:
    for utterance, entry in files.tables.get("text", {}).items():
        if "#" in entry.value or "<" in entry.value:
            for word in filter(is_reserved, split_fields(entry.value)):
                files.report("text", entry.line, f"{utterance}: {describe_reserved(word)}", RESERVED_FIX)


def _absent(entries: dict[str, TableEntry], others: Collection[str]) -> Iterable[tuple[int, str]]:
    return [(entry.line, key) for key, entry in entries.items() if key not in others]
