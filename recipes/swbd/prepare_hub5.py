"""Kaldi data directory of a NIST evaluation of telephone speech, with its STM and GLM prepared for scoring.

The same as Kaldi's ``eval2000_data_prep.sh`` and ``rt03_data_prep.sh``. The segments come from the PEM file if there is
one, otherwise from the STM file. Utterance-ids are ``en_4156-A_030185-030248``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.nist.stm import StmSegment, read_stm
from blasr.tally import Tally
from recipes.swbd.data import Turn
from recipes.swbd.discs import HUB5_SPEECH, HUB5_TEXT, RT02, Disc, find_file, find_files
from recipes.swbd.preparation import Preparation, preparation_parser, run_preparation
from recipes.swbd.transcripts import parse_span, read_lines

SIDES = {"1": "A", "2": "B", "A": "A", "B": "B"}
GAP = "inter_segment_gap"
Region = tuple[str, str, float, float]


def read_regions(path: Path, num_fields: int) -> list[Region]:
    """Return conversation, side, start and end of each line of a PEM (5 fields) or UEM file (4 fields).

    Raises:
        FormatError: a line is broken; the error has its number.
    """
    regions = []
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split()
        if not fields or line.startswith((";;", "#")):
            continue
        if len(fields) != num_fields or fields[1] not in SIDES:
            what = "file, side A or B, speaker, start and end" if num_fields == 5 else "file, side, start and end"
            raise FormatError(f"found {line[:60]!r}, expected {what}", path=path, line=number)
        start, end = parse_span(fields[-2], fields[-1], path, number)
        regions.append((fields[0], SIDES[fields[1]], start, end))
    return regions


def clean_stm(sources: Sequence[Path], out: Path) -> tuple[StmSegment, ...]:
    """Write one STM without the parts of LDC's files that disturb scoring, and return its segments.

    Doubled parentheses ``((`` become single ones and marks of asides are removed. In RT-02 and later, sides 1 and 2
    become A and B, and the gaps between segments are removed.

    Raises:
        FormatError: a line is broken; the error has its number.
    """
    with atomic_open(out, "w") as stream:
        for source in sources:
            for number, line in enumerate(read_lines(source), start=1):
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
        return tuple(read_stm(out).segments)
    except FormatError as error:
        names = ", ".join(map(str, sources))
        raise FormatError(f"{error.message} (made from {names})", path=out, line=error.line, fix=error.fix) from None


def evaluation_turns(
    segments: Iterable[StmSegment], pem: Path | None, uem: Path | None, tally: Tally
) -> Iterator[Turn]:
    """Yield the turns to recognize, from the PEM file if there is one, otherwise from the STM's segments.

    Turns outside the regions of the UEM file, if there is one, are dropped.
    """
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


@dataclass(frozen=True)
class Evaluation:
    """The files of an evaluation: where its audio is, its references, its segments and its spelling rules."""

    disc: Disc
    folders: Sequence[Path]
    stms: Sequence[Path]
    pem: Path | None
    uem: Path | None
    glm: Path


def find_hub5(speech: Sequence[Path], text: Sequence[Path]) -> Evaluation:
    """Find the files of Hub5'00.

    Raises:
        DataError: a disc or a file is missing.
    """
    stms = [find_file(HUB5_TEXT, text, "hub5e00.english.000405.stm")]
    pem = find_file(HUB5_SPEECH, speech, "hub5e_00.pem")
    return Evaluation(HUB5_SPEECH, speech, stms, pem, None, find_file(HUB5_TEXT, text, "en20000405_hub5.glm"))


def find_rt02(folders: Sequence[Path], text: Sequence[Path]) -> Evaluation:
    """Find the files of RT-02, with the GLM of Hub5'00 if RT-02 has none.

    Raises:
        DataError: a disc or a file is missing.
    """
    stms = _telephone_part(find_files(RT02, folders, "*.stm"))
    glm = _optional(folders, "*.glm") or find_file(HUB5_TEXT, text, "*hub5.glm")
    return Evaluation(RT02, folders, stms, None, _optional(folders, "*.uem"), glm)


def prepare(
    preparation: Preparation, hub5_speech: Sequence[Path] | None, rt02: Sequence[Path] | None, hub5_text: Sequence[Path]
) -> None:
    """Write the data directory, with ``stm`` and ``glm``.

    Args:
        preparation: the shared options.
        hub5_speech: the folders of LDC2002S09, or None for RT-02.
        rt02: the folders of LDC2004S11, or None for Hub5'00.
        hub5_text: the folders of LDC2002T43.

    Raises:
        DataError: a disc is missing, or too many segments lack their audio.
        FormatError: a line is broken.
    """
    evaluation = find_rt02(rt02, hub5_text) if rt02 is not None else find_hub5(hub5_speech or (), hub5_text)
    segments = clean_stm(evaluation.stms, preparation.out / "stm")
    audio = preparation.find_audio(evaluation.disc, evaluation.folders)
    names = {name.lower(): name for name in (segment.recording for segment in segments)}
    spelled: Mapping[str, Path] = {names[name]: path for name, path in audio.items() if name in names}

    def read_turns(tally: Tally) -> Iterator[Turn]:
        return evaluation_turns(segments, evaluation.pem, evaluation.uem, tally)

    preparation.write("evaluation segments", read_turns, spelled)
    with atomic_open(preparation.out / "glm", "w") as stream:
        stream.write(evaluation.glm.read_text(encoding="latin-1"))


def _telephone_part(paths: list[Path]) -> list[Path]:
    """Return the references of telephone speech; the disc may also have those of broadcast news."""
    chosen = [path for path in paths if "cts" in str(path).lower()] if len(paths) > 1 else paths
    if not chosen:
        message = f"found {len(paths)} STM files, none of them with cts in its name or folder"
        raise DataError(message, path=paths[0].parent, fix="set --rt02 to the folder of the telephone part")
    return chosen


def _optional(folders: Sequence[Path], pattern: str) -> Path | None:
    found = sorted(path for folder in folders for path in folder.rglob(pattern))
    telephone = [path for path in found if "cts" in str(path).lower()]
    return next(iter(telephone or found), None)


def main() -> None:
    parser = preparation_parser("recipes.swbd.prepare_hub5", __doc__, max_loss=0.0)
    speech = parser.add_mutually_exclusive_group(required=True)
    speech.add_argument("--hub5-speech", type=Path, nargs="+", metavar="DIR", help="LDC2002S09")
    speech.add_argument("--rt02", type=Path, nargs="+", metavar="DIR", help="LDC2004S11, instead of Hub5'00")
    parser.add_argument("--hub5-text", type=Path, nargs="+", required=True, metavar="DIR", help="LDC2002T43")
    run_preparation(parser, prepare)


if __name__ == "__main__":
    main()
