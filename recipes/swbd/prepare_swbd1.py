"""Kaldi data directory of Switchboard-1 Release 2 (LDC97S62) with the ISIP transcripts of 1998 (ms98).

The same as Kaldi's ``egs/swbd/s5c/local/swbd1_data_prep.sh``, with its utterance-ids: ``sw02001-A_000098-001156``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from blasr.errors import FormatError
from blasr.tally import Tally
from recipes.swbd.data import Turn, centiseconds
from recipes.swbd.discs import MS98, SWBD1, find_file, find_files
from recipes.swbd.lexicon import read_ms98_lexicon
from recipes.swbd.preparation import Preparation, preparation_parser, run_preparation
from recipes.swbd.transcripts import parse_span, read_lines
from recipes.swbd.words import find_acronyms, ms98_words

_SEGMENT = re.compile(r"sw(\d{4})([AB])-ms98-a-\d+")


def read_transcript(path: Path, acronyms: Mapping[str, str], tally: Tally) -> Iterator[Turn]:
    """Yield the turns of one side, from lines such as ``sw2001A-ms98-a-0002 0.977625 11.561375 words``.

    Raises:
        FormatError: a line is broken; the error has its number.
    """
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split(maxsplit=3)
        if not fields:
            continue
        match = _SEGMENT.fullmatch(fields[0])
        if match is None or len(fields) < 3:
            message = f"found {line[:60]!r}, expected swNNNNA-ms98-a-NNNN, start, end and words"
            raise FormatError(message, path=path, line=number, fix="copy the transcripts again")
        start, end = parse_span(fields[1], fields[2], path, number)
        words = ms98_words(fields[3] if len(fields) > 3 else "", acronyms)
        if not words:
            tally.drop(fields[0], "silence only")
            continue
        tally.keep()
        conversation, side = f"sw0{match[1]}", match[2]
        times = f"{centiseconds(start)}-{centiseconds(end)}"
        start, end = (int(time) / 100 for time in times.split("-"))  # rounded to 10 ms, like Kaldi's segments
        yield Turn(f"{conversation}-{side}_{times}", conversation, side, start, end, words)


def prepare(preparation: Preparation, swbd1: Sequence[Path], ms98: Path) -> None:
    """Write the data directory.

    Args:
        preparation: the shared options.
        swbd1: the folders of LDC97S62.
        ms98: the folder of the ISIP transcripts.

    Raises:
        DataError: a disc is missing, or too many transcripts lack their audio.
        FormatError: a line is broken.
    """
    audio = preparation.find_audio(SWBD1, swbd1)
    dictionary = find_file(MS98, [ms98], "sw-ms98-dict.text")
    acronyms = find_acronyms(read_ms98_lexicon(dictionary))
    transcripts = find_files(MS98, [ms98], "sw*-ms98-a-trans.text")

    def read_turns(tally: Tally) -> Iterator[Turn]:
        for path in transcripts:
            yield from read_transcript(path, acronyms, tally)

    preparation.write("Switchboard transcripts", read_turns, audio)


def main() -> None:
    parser = preparation_parser("recipes.swbd.prepare_swbd1", __doc__, max_loss=0.05)
    parser.add_argument("--swbd1", type=Path, nargs="+", required=True, metavar="DIR", help="LDC97S62")
    parser.add_argument("--ms98", type=Path, required=True, metavar="DIR", help="swb_ms98_transcriptions")
    run_preparation(parser, prepare)


if __name__ == "__main__":
    main()
