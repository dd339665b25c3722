"""Kaldi data directory of a NIST evaluation of telephone speech, with its STM and GLM made ready for scoring.

As Kaldi's ``eval2000_data_prep.sh`` and ``rt03_data_prep.sh``: segments come from the PEM file where there is one, else
from the STM file; utterance-ids are ``en_4156-A_030185-030248``.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.nist.stm import StmSegment, read_stm
from blasr.io.nist.times import parse_seconds
from blasr.tally import Tally
from recipes.common.command import run_command
from recipes.swbd.data import Turn, write_conversations
from recipes.swbd.discs import HUB5_SPEECH, HUB5_TEXT, RT02, find_conversations, find_file, find_files

SIDES = {"1": "A", "2": "B", "A": "A", "B": "B"}
GAP = "inter_segment_gap"
Region = tuple[str, str, float, float]


def read_regions(path: Path, num_fields: int) -> list[Region]:
    """Conversation, side, start and end of each line of a PEM (5 fields) or UEM file (4 fields).

    Raises:
        FormatError: with file and line.
    """
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path) from None
    regions = []
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or line.startswith((";;", "#")):
            continue
        if len(fields) != num_fields or fields[1] not in SIDES:
            what = "file, side A or B, speaker, start and end" if num_fields == 5 else "file, side, start and end"
            raise FormatError(f"found {line[:60]!r}, expected {what}", path=path, line=number)
        start, end = (parse_seconds(text, "time", path, number) for text in fields[-2:])
        if end <= start:
            raise FormatError(f"ends at {end:g} s, not after its start at {start:g} s", path=path, line=number)
        regions.append((fields[0], SIDES[fields[1]], start, end))
    return regions


def clean_stm(sources: Sequence[Path], out: Path) -> tuple[StmSegment, ...]:
    """Write one STM without what upsets scoring in those of LDC, and return its segments.

    That is ``((``, the marks of asides and, of RT-02 and later, sides called 1 and 2 and the gaps between segments.

    Raises:
        FormatError: with file and line, where one is broken.
    """
    segments: list[StmSegment] = []
    with atomic_open(out, "w") as stream:
        for source in sources:
            for number, line in enumerate(source.read_text(encoding="latin-1").splitlines(), start=1):
                line = re.sub(r"<[BE]_ASIDE>", "", line.replace("((", "(").replace("))", ")"), flags=re.IGNORECASE)
                fields = line.split(maxsplit=2)
                if not fields or GAP in line:
                    continue
                if not line.startswith(";;"):
                    if len(fields) < 3 or fields[1] not in SIDES:
                        message = f"found {line[:60]!r}, expected file, side A or B, speaker, start, end and words"
                        raise FormatError(message, path=source, line=number)
                    line = f"{fields[0]} {SIDES[fields[1]]} {fields[2]}"
                stream.write(line.rstrip() + "\n")
    try:
        segments += read_stm(out).segments
    except FormatError as error:
        names = ", ".join(map(str, sources))
        raise FormatError(f"{error.message} (made from {names})", path=out, line=error.line, fix=error.fix) from None
    return tuple(segments)


def turns_of(segments: Iterable[StmSegment], pem: Path | None, uem: Path | None) -> Iterator[Turn]:
    """What is to be recognized; says what is left out."""
    tally = Tally("evaluation segments", 1, unit="segments")
    if pem is not None:
        regions = read_regions(pem, 5)
    else:
        regions = []
        for segment in segments:
            if segment.ignored:
                tally.drop(f"line {segment.line} of the STM", "ignored in scoring")
            else:
                side = SIDES[segment.channel]
                regions.append((segment.recording, side, segment.start_seconds, segment.end_seconds))
    evaluated = read_regions(uem, 4) if uem is not None else None
    for name, side, start, end in sorted(set(regions)):
        turn_id = f"{name}-{side}_{int(start * 100):06d}-{int(end * 100):06d}"
        if evaluated is not None and not any(
            (name, side) == (file, channel) and start < until and end > since
            for file, channel, since, until in evaluated
        ):
            tally.drop(turn_id, "outside the evaluated regions")
        elif end - start < 0.1:
            tally.drop(turn_id, "shorter than 0.1 s")
        else:
            tally.keep()
            yield Turn(turn_id, name, side, start, end)
    print(tally.summary())


def prepare(args: argparse.Namespace) -> None:
    """Write ``args.out`` with ``stm`` and ``glm`` beside the tables.

    Raises:
        DataError: a disc is not there, or too many segments lack their audio.
        FormatError: a broken line.
    """
    pem = uem = None
    if args.rt02 is not None:
        speech, folders = RT02, args.rt02
        stms = _telephone(find_files(RT02, folders, "*.stm"))
        uem = _optional(folders, "*.uem")
        glm = _optional(folders, "*.glm") or find_file(HUB5_TEXT, args.hub5_text, "*hub5.glm")
    else:
        speech, folders = HUB5_SPEECH, args.hub5_speech
        stms = [find_file(HUB5_TEXT, args.hub5_text, "hub5e00.english.000405.stm")]
        pem = find_file(HUB5_SPEECH, folders, "hub5e_00.pem")
        glm = find_file(HUB5_TEXT, args.hub5_text, "en20000405_hub5.glm")
    segments = clean_stm(stms, args.out / "stm")
    audio = find_conversations(speech, folders, args.expanded, args.jobs)
    names = {name.lower(): name for name in (segment.recording for segment in segments)}
    spelled: Mapping[str, Path] = {names[name]: path for name, path in audio.items() if name in names}
    write_conversations(args.out, turns_of(segments, pem, uem), spelled, max_loss=args.max_loss)
    with atomic_open(args.out / "glm", "w") as stream:
        stream.write(glm.read_text(encoding="latin-1"))


def _telephone(paths: list[Path]) -> list[Path]:
    """The references of telephone speech where a disc has those of broadcast news too."""
    chosen = [path for path in paths if "cts" in str(path).lower()] if len(paths) > 1 else paths
    if not chosen:
        message = f"has {len(paths)} STM files, and none has cts in its name or folder"
        raise DataError(message, path=paths[0].parent, fix="give --rt02 the folder of the telephone part only")
    return chosen


def _optional(folders: Sequence[Path], pattern: str) -> Path | None:
    found = sorted(path for folder in folders for path in folder.rglob(pattern))
    telephone = [path for path in found if "cts" in str(path).lower()]
    return next(iter(telephone or found), None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="recipes.swbd.prepare_hub5", description=(__doc__ or "").splitlines()[0])
    speech = parser.add_mutually_exclusive_group(required=True)
    speech.add_argument("--hub5-speech", type=Path, nargs="+", help="LDC2002S09")
    speech.add_argument("--rt02", type=Path, nargs="+", help="LDC2004S11 instead of Hub5'00")
    parser.add_argument("--hub5-text", type=Path, nargs="+", required=True, help="LDC2002T43")
    parser.add_argument("--expanded", type=Path, required=True, help="for audio that has to be expanded")
    parser.add_argument("--jobs", type=int, default=4, help="processes that expand audio")
    parser.add_argument("--max-loss", type=float, default=0.0, help="share of segments that may lack their audio")
    parser.add_argument("out", type=Path, metavar="OUT", help="the data directory to write")
    run_command(parser, prepare)


if __name__ == "__main__":
    main()
