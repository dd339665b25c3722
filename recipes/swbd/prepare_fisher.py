"""Kaldi data directory of Fisher English parts 1 and 2 (LDC2004S13, 2004T19, 2005S13, 2005T19).

The same as Kaldi's ``egs/fisher_swbd/s5/local/fisher_data_prep.sh``, with its utterance-ids:
``fe_03_00001-A-000376-000554``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.nist.times import parse_seconds
from blasr.tally import Tally
from recipes.swbd.data import Turn, write_table
from recipes.swbd.discs import FISHER, find_files
from recipes.swbd.preparation import Preparation, preparation_parser, run_preparation
from recipes.swbd.transcripts import read_lines
from recipes.swbd.words import fisher_words

_LINE = re.compile(r"([0-9.]+)\s+([0-9.]+)\s+([AB]):\s*(.*)")
_FILELIST = re.compile(r"\S+\s+(\d+)\s+([mf])([mf])\b.*")


def read_transcript(path: Path, tally: Tally) -> Iterator[Turn]:
    """Yield the turns of a conversation: lines ``3.76 5.54 A: and i generally prefer`` below the conversation's name.

    Raises:
        FormatError: a line is broken; the error has its number.
    """
    name = path.stem.lower()
    lines = read_lines(path)
    if not lines or not re.match(rf"#\s*{name}\.sph", lines[0]):
        message = f"found {(lines or [''])[0][:60]!r}, expected # {name}.sph"
        raise FormatError(message, path=path, line=1, fix="copy the transcripts again")
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            message = f"found {line[:60]!r}, expected start, end, A: or B: and words"
            raise FormatError(message, path=path, line=number, fix="copy the transcripts again")
        start, end = (parse_seconds(text, "time", path, number) for text in match.groups()[:2])
        times = f"{int(start * 100.0):06d}-{int(end * 100.0):06d}"  # truncated, not rounded, like Kaldi's ids
        turn_id = f"{name}-{match[3]}-{times}"
        words = fisher_words(match[4])
        if words is None:
            tally.drop(turn_id, "uncertain ((...))")
        elif not words:
            tally.drop(turn_id, "without words")
        elif end <= start:
            tally.drop(turn_id, "of zero or negative length")
        else:
            tally.keep()
            start, end = (int(time) / 100 for time in times.split("-"))
            yield Turn(turn_id, name, match[3], start, end, words)


def read_filelists(paths: Iterable[Path]) -> dict[str, tuple[str, str]]:
    """Return the sexes, m or f, of both speakers of every call in ``fe_03_p1_filelist.tbl`` and similar files.

    Raises:
        FormatError: a line is broken; the error has its number.
    """
    calls = {}
    for path in paths:
        for number, line in enumerate(read_lines(path), start=1):
            if not line.strip():
                continue
            match = _FILELIST.fullmatch(line.strip())
            if match is None:
                message = f"found {line[:60]!r}, expected a disc, a call and the sexes of its speakers, such as fm"
                raise FormatError(message, path=path, line=number)
            calls[f"fe_03_{match[1]}"] = (match[2], match[3])
    return calls


def check_calls(calls: Collection[str], transcripts: Collection[str], audio: Collection[str]) -> None:
    """Print how many of the listed calls have a transcript and audio. Only the loss of segments is limited."""
    tally = Tally("Fisher calls", 1, unit="calls")
    for call in sorted({*calls, *transcripts}):
        if call not in transcripts:
            tally.drop(call, "without transcript")
        elif call not in audio:
            tally.drop(call, "without audio")
        else:
            tally.keep()
    print(tally.summary())


def prepare(preparation: Preparation, fisher: Sequence[Path]) -> None:
    """Write the data directory.

    Args:
        preparation: the shared options.
        fisher: the folders of all four corpora.

    Raises:
        DataError: a disc is missing, or too many transcripts lack their audio.
        FormatError: a line is broken.
    """
    audio = preparation.find_audio(FISHER, fisher)
    transcripts = find_files(FISHER, fisher, "fe_03_[0-9][0-9][0-9][0-9][0-9].txt")
    calls = read_filelists(find_files(FISHER, fisher, "fe_03_p[12]_filelist.tbl"))
    check_calls(calls, {path.stem.lower() for path in transcripts}, audio)

    def read_turns(tally: Tally) -> Iterator[Turn]:
        for path in transcripts:
            yield from read_transcript(path, tally)

    data = preparation.write("Fisher transcripts", read_turns, audio)
    sides = data.speakers()
    sexes = {f"{call}-{side}": sex for call, pair in calls.items() for side, sex in zip("AB", pair, strict=True)}
    write_table(preparation.out / "spk2gender", {side: sex for side, sex in sexes.items() if side in sides})


def main() -> None:
    parser = preparation_parser("recipes.swbd.prepare_fisher", __doc__, max_loss=0.05)
    help_text = "the folders of all four corpora"
    parser.add_argument("--fisher", type=Path, nargs="+", required=True, metavar="DIR", help=help_text)
    run_preparation(parser, prepare)


if __name__ == "__main__":
    main()
