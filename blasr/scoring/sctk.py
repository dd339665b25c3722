"""Scoring by NIST's own programs, if they are installed: ``csrfilt.sh`` and ``sclite`` of SCTK."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from blasr.errors import DataError, DependencyError
from blasr.io.atomic import writing
from blasr.io.text_lines import read_lines
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hub5 import Hub5Score, ScoredSegment
from blasr.scoring.hypothesis import Normalize, Options, by_side, is_block, timed_items
from blasr.scoring.segments import ReferenceSegment, Side, assign, in_order

PROGRAMS = ("sclite", "csrfilt.sh", "rfilter1")
DEBIAN_FOLDER = Path("/usr/lib/sctk/bin")
_UTTERANCE = re.compile(r"^id: \((.*)-\d+\)$")
_SCORES = re.compile(r"^Scores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)$")


def find_sctk() -> Path | None:
    """Return the folder of NIST's programs: where PATH has ``sclite``, or Debian's; None if they are not installed."""
    found = shutil.which("sclite")
    folders = [Path(found).parent] if found else []
    for folder in [*folders, DEBIAN_FOLDER]:
        if all((folder / program).is_file() for program in PROGRAMS):
            return folder
    return None


def score_with_sctk(
    segments: Sequence[ReferenceSegment],
    hypotheses: Iterable[Options],
    glm: Path | None,
    normalize_hypothesis: Normalize = str,
) -> Hub5Score:
    """Score a hypothesis with ``csrfilt.sh -dh`` and ``sclite -F -D``.

    The counts equal those of :func:`blasr.scoring.hub5.score_segments`. Sides without a hypothesis get a null word,
    because ``sclite`` refuses them.

    Args:
        segments: the reference.
        hypotheses: words and alternatives.
        glm: NIST's rules for spellings, which ``csrfilt.sh`` applies to both sides.
        normalize_hypothesis: applies the same rules. It finds words and alternatives that ``csrfilt.sh`` or ``sclite``
            would misread, so that they can be written in another way.

    Raises:
        DependencyError: SCTK is not installed.
        DataError: one of its programs failed.
    """
    folder = find_sctk()
    if folder is None:
        fix = "install it (Debian: apt-get install sctk), or score with --scorer own, which gives the same counts"
        raise DependencyError("NIST's SCTK is not installed: found neither sclite nor /usr/lib/sctk/bin", fix=fix)
    sides = in_order(segments)
    hypotheses = list(hypotheses)
    with TemporaryDirectory(prefix="blasr-sctk-") as name, writing(name, Path(name)):
        work = Path(name)
        ordered = [segment for references in sides.values() for segment in references]
        (work / "ref.stm").write_text("".join(f"{segment}\n" for segment in ordered), encoding="utf-8")
        (work / "hyp.ctm").write_text(
            "".join(_ctm_lines(hypotheses, list(sides), normalize_hypothesis)), encoding="utf-8"
        )
        reference, hypothesis = work / "ref.stm", work / "hyp.ctm"
        if glm is not None:
            rules = work / "rules.glm"  # without what SCTK would misread: a byte order mark, carriage returns
            rules.write_text("".join(f"{line}\n" for _, line in read_lines(glm)), encoding="utf-8")
            reference = _filter(folder, reference, "stm", "ref", rules)
            hypothesis = _filter(folder, hypothesis, "ctm", "hyp", rules)
        arguments = ["-r", str(reference), "stm", "-h", str(hypothesis), "ctm", "-F", "-D"]
        _run(folder, ["sclite", *arguments, "-o", "pralign", "-O", str(work), "-n", "score"], work)
        counts = _read_counts(work / "score.pra")
    items = timed_items(hypotheses, normalize_hypothesis)
    scored: list[ScoredSegment] = []
    for side, references in sides.items():
        for segment, words in zip(references, assign(references, items.get(side, [])), strict=True):
            if not segment.ignored:
                found = counts.get(segment.speaker.lower())
                if not found:
                    raise DataError(f"sclite scored too few segments of speaker {segment.speaker}")
                scored.append(ScoredSegment(segment, found.pop(0), len(words)))
    return Hub5Score(tuple(scored), len(segments) - len(scored))


def _ctm_lines(hypotheses: Sequence[Options], sides: Sequence[Side], normalize: Normalize) -> Iterable[str]:
    """CTM lines, one side after the other, in the order of their starts."""
    found = by_side(hypotheses)
    for recording, channel in sides:
        side = f"{recording} {channel}"
        if (recording, channel) not in found:
            yield f"{side} 0.00 0.00 @\n" * 2
        for options in found.get((recording, channel), ()):
            block = is_block(options)
            for number, row in enumerate(options):
                if block:
                    yield f"{side} * * {'<ALT>' if number else '<ALT_BEGIN>'}\n"
                for word in row:
                    # if a rule turns one word into several, csrfilt reads a number at the end as a confidence
                    several = normalize(word.word).split()
                    confidence = " 1" if len(several) > 1 and re.fullmatch(r"[0-9.-]*", several[-1]) else ""
                    yield f"{side} {word.start_seconds!r} {word.duration_seconds!r} {word.word}{confidence}\n"
                if block and not any(normalize(word.word) for word in row):  # sclite loses the words after an empty row
                    yield f"{side} 0.00 0.00 @\n"
            if block:
                yield f"{side} * * <ALT_END>\n"


def _filter(folder: Path, path: Path, kind: str, purpose: str, glm: Path) -> Path:
    output = path.with_suffix(f".filt.{kind}")
    command = ["csrfilt.sh", "-i", kind, "-t", purpose, "-dh", str(glm.resolve())]
    output.write_text(_run(folder, command, path.parent, path), encoding="utf-8")
    return output


def _run(folder: Path, command: Sequence[str], work: Path, standard_input: Path | None = None) -> str:
    """Run a program of SCTK and return what it prints."""
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "LC_ALL": "C"}
    text = standard_input.read_text(encoding="utf-8") if standard_input is not None else None
    program = str(folder / command[0])
    result = subprocess.run(
        [program, *command[1:]],
        input=text,
        cwd=work,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if result.returncode or "ERR" in result.stderr:
        output = (result.stderr.strip() or result.stdout.strip()).splitlines()[-3:]
        raise DataError(f"{Path(command[0]).name} of SCTK failed: {' | '.join(output)}", fix="score with --scorer own")
    return result.stdout


def _read_counts(path: Path) -> dict[str, list[ErrorCounts]]:
    """Read the counts of each speaker's segments, in the order in which ``sclite`` scored them."""
    counts: dict[str, list[ErrorCounts]] = {}
    speaker = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        utterance, scores = _UTTERANCE.match(line), _SCORES.match(line)
        if utterance:
            speaker = utterance[1].lower()
        elif scores:
            counts.setdefault(speaker, []).append(ErrorCounts(*map(int, scores.groups())))
    return counts
