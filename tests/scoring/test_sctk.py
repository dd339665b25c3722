"""blasr's scorer against NIST's, on generated segments that use every rule; skipped if SCTK is not installed."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from blasr.errors import DependencyError
from blasr.io.nist.ctm import CtmAlternatives, CtmWord, read_ctm_items
from blasr.io.nist.glm import read_glm
from blasr.io.nist.stm import StmSegment, read_stm
from blasr.scoring import sctk
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hub5 import Hub5Score, score_segments
from blasr.scoring.matched_pairs import matched_pairs
from blasr.scoring.normalization import Normalizer
from blasr.scoring.sctk import find_sctk, score_with_sctk

needs_sctk = pytest.mark.skipif(find_sctk() is None, reason="NIST's SCTK is not installed (apt-get install sctk)")

GLM = """\
;; a list of rules for generated words
* NAME = "generated"
* CASE_SENSITIVE = 'F'
* MAX_NRULES = '50'
[UH] => [%HESITATION] / [ ] __ [ ]
[UM] => [%HESITATION] / [ ] __ [ ]
[%HESITATION] => [(%HESITATION)] / [ ] __ [ ]  ;; deletable wherever it is written so
[ITS] => [{IT IS / ITS}] / [ ] __ [ ]
[DONT] => [{DO NOT / DON'T / DONT}] / [ ] __ [ ]
[OKAY] => [OK] / [ ] __ [ ]
[ALL RIGHT] => [ALRIGHT] / [ ] __ [ ]
[GONNA] => [GOING TO] / [ ] __ [ ]
[BREATH] => [] / [ ] __ [ ]
[RED] => [READ] / [ A ] __ [ ]
[BLUE] => [BLEW] / [ ] __ [ B ]
[TEN] => [1 0] / [ ] __ [ ]
[ART] => [ERT]
[YEAH] => [{YES / @}] / [ ] __ [ ]
;; INPUT_DEPENDENT_APPLICATION = "stm"
[MISTER] => [MR] / [ ] __ [ ]
;; INPUT_DEPENDENT_APPLICATION = "hyp"
[MR.] => [MR] / [ ] __ [ ]
"""
PLAIN = ["a", "b", "c", "red", "blue", "cat", "cart", "do", "not", "it", "is", "its", "dont", "don't", "uh", "um"]
PLAIN += ["okay", "ok", "all", "right", "alright", "gonna", "going", "to", "breath", "ten", "1", "0", "yeah", "yes"]
PLAIN += ["mister", "mr.", "mr", "co", "ko", "mother-in-law", "mother", "in", "law", "%hesitation", "A", "Cat", "read"]
ALTERNATING = {"its", "dont", "yeah"}  # sclite crashes where a rule puts alternatives into brackets


def reference_words(rng: random.Random, depth: int = 0) -> list[str]:
    """Return words and markup as a transcriber may write them."""
    words: list[str] = []
    for _ in range(rng.randint(0 if depth == 0 else 1, 7 if depth == 0 else 2)):
        kind = rng.random()
        word = rng.choice(PLAIN)
        if depth and word == "breath":  # a rule takes it away, and sclite crashes on alternatives without a word
            word = "b"
        if kind < 0.62:
            words.append(word)
        elif kind < 0.70:
            bracketed = [word, *rng.choices(PLAIN, k=rng.randint(0, 2))]
            bracketed = [word for word in bracketed if word not in ALTERNATING] or ["a"]
            words.append(f"({' '.join(bracketed)})")
        elif kind < 0.76:
            words.append(rng.choice(["ca-", "-at", "(ca-)", "(-at)", "-", "mo-", "-aw"]))
        elif kind < 0.79:
            words.append(rng.choice([f"{word}*", f"{word};name", "co-cat"]))
        elif depth < 2:
            rows = [reference_words(rng, depth + 1) for _ in range(rng.randint(1, 3))]
            rows += [["@"]] if rng.random() < 0.4 else []
            rows += [[]] if rng.random() < 0.1 else []
            rng.shuffle(rows)
            words += ["{", *[piece for row in rows for piece in (*row, "/")][:-1], "}"]
    return words if words or depth == 0 else ["c"]


def spoken(rng: random.Random, words: Sequence[str]) -> list[str]:
    """Return what a recognizer may make of a transcript: some right words, some wrong, some inserted."""
    said = [word.strip("()-*") for piece in words for word in piece.split() if word not in "{}/@"]
    said = [word.partition(";")[0] for word in said if rng.random() > 0.15]
    said = [rng.choice(PLAIN) if rng.random() < 0.15 or not word else word for word in said]
    for _ in range(rng.choice([0, 0, 1, 2])):
        said.insert(rng.randint(0, len(said)), rng.choice([*PLAIN, "(uh)", "ca-", "-at", "cat*", "@"]))
    return said


def generate(folder: Path, seed: int, segments: int = 240) -> None:
    """Write ``ref.stm``, ``hyp.ctm`` and ``rules.glm`` into ``folder``."""
    rng = random.Random(seed)
    stm = [';; LABEL "O" "Overall" "all of it"', ';; LABEL "SWB" "Switchboard" ""', ';; LABEL "CH" "CallHome" ""']
    ctm: list[str] = []
    sides = [(f"{corpus}_{number}", side) for corpus in ("sw", "en") for number in range(3) for side in "AB"]
    for index, (recording, side) in enumerate(sides):
        time = 0
        for _ in range(segments // len(sides)):
            start = time + rng.choice([0, 0, 20, 100])
            words = reference_words(rng)
            end = start + rng.randint(50, 300)
            label = rng.choice(["<O,SWB>", "<o,swb>"]) if recording.startswith("sw") else rng.choice(["<O,CH>", ""])
            text = "IGNORE_TIME_SEGMENT_IN_SCORING" if rng.random() < 0.05 else " ".join(words)
            stm.append(f"{recording} {side} {recording}_{side} {start / 100:.2f} {end / 100:.2f} {label} {text}")
            if index != 4:  # a side without any recognized word
                ctm += hypothesis_lines(rng, recording, side, spoken(rng, words), start, end)
            time = end
    header, rows = stm[:3], stm[3:]
    rng.shuffle(rows)
    (folder / "ref.stm").write_text("\n".join([*header, *rows]) + "\n")
    (folder / "hyp.ctm").write_text(";; generated\n" + "\n".join(ctm) + "\n")
    (folder / "rules.glm").write_text(GLM)


def hypothesis_lines(
    rng: random.Random, recording: str, side: str, words: Sequence[str], start: int, end: int
) -> Iterator[str]:
    """Yield CTM lines, some with alternatives, on a grid of 10 ms, so that some middles are at the end of a segment."""
    length = max((end - start + 30) // max(len(words), 1), 2)
    for number, word in enumerate(words):
        at, duration = start + length * number, rng.randint(1, length)
        times = f"{at / 100:.2f} {duration / 100:.2f}"
        confidence = rng.choice(["", f" {rng.random():.2f}"])
        if rng.random() < 0.9 or word in ALTERNATING:
            yield f"{recording} {side} {times} {word}{confidence}"
            continue
        yield f"{recording} {side} * * <ALT_BEGIN>"
        yield f"{recording} {side} {times} {word}"
        yield f"{recording} {side} * * <ALT>"
        for other in rng.choices(["a", "cat", "ok", "co", "mother"], k=rng.randint(0, 2)):
            yield f"{recording} {side} {times} {other}"
        yield f"{recording} {side} * * <ALT_END>"


Loaded = tuple[Sequence[StmSegment], list[tuple[tuple[CtmWord, ...], ...]], Callable[[str], str], Callable[[str], str]]


def load(folder: Path) -> Loaded:
    items = read_ctm_items(folder / "hyp.ctm")
    hypotheses = [item.options if isinstance(item, CtmAlternatives) else ((item,),) for item in items]
    normalizers = []
    for kind, purpose in (("stm", "ref"), ("ctm", "hyp")):
        glm = read_glm(folder / "rules.glm", kind, purpose)
        normalizers.append(Normalizer(glm.rules, case_sensitive=glm.case_sensitive).text)
    return read_stm(folder / "ref.stm").segments, hypotheses, normalizers[0], normalizers[1]


def counts(score: Hub5Score) -> dict[tuple[str, str, float], ErrorCounts]:
    return {
        (scored.segment.recording, scored.segment.channel, scored.segment.start_seconds): scored.counts
        for scored in score.segments
    }


@needs_sctk
@pytest.mark.parametrize("seed", range(2))
def test_every_segment_has_nists_counts(tmp_path: Path, seed: int) -> None:
    """The counts of each of 240 segments per seed are equal."""
    generate(tmp_path, seed)
    segments, hypotheses, reference, hypothesis = load(tmp_path)
    ours = counts(score_segments(segments, hypotheses, reference, hypothesis))
    theirs = counts(score_with_sctk(segments, hypotheses, tmp_path / "rules.glm", hypothesis))
    assert len(ours) > 200
    different = {where: (ours[where], theirs[where]) for where in ours if ours[where] != theirs[where]}
    assert not different


@needs_sctk
def test_the_matched_pairs_test_is_that_of_sc_stats(tmp_path: Path) -> None:
    """Segments, mean and Z are equal to the three digits that it prints, on transcripts without markup."""
    rng = random.Random(5)
    segments = [rng.choices("abcd", k=rng.randint(1, 12)) for _ in range(150)]
    (tmp_path / "ref.stm").write_text(
        "".join(f"rec A ann {n} {n + 1} {' '.join(words)}\n" for n, words in enumerate(segments))
    )
    folder = find_sctk()
    assert folder is not None
    alignments, reports = [], b""
    for name, loss in (("a", 0.2), ("b", 0.25)):
        ctm = tmp_path / f"{name}.ctm"
        ctm.write_text(
            "".join(
                f"rec A {n + 0.05 * k:.2f} 0.02 {word if rng.random() > loss else rng.choice('abcd')}\n"
                for n, words in enumerate(segments)
                for k, word in enumerate([*words, "d"] if rng.random() < loss else words)
                if rng.random() > loss / 2 or k == 0
            )
        )
        command = [str(folder / "sclite"), "-r", "ref.stm", "stm", "-h", ctm.name, "ctm", name, "-F", "-D"]
        subprocess.run([*command, "-o", "sgml", "-O", ".", "-n", name], cwd=tmp_path, check=True, capture_output=True)
        reports += (tmp_path / f"{name}.sgml").read_bytes()
        words = [((word,),) for word in read_ctm_items(ctm) if isinstance(word, CtmWord)]
        score = score_segments(read_stm(tmp_path / "ref.stm").segments, words)
        alignments.append([[pair.verdict for pair in scored.pairs] for scored in score.segments])
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = ["sc_stats", "-p", "-t", "mapsswe", "-v", "-n", "-"]
    printed = subprocess.run(command, input=reports, env=environment, cwd=tmp_path, check=True, capture_output=True)
    pattern = r"# segs: (\d+)\).*mean: (\S+)\) \(std dev: (\S+)\) \(Z Stat: (\S+)\)"
    found = re.search(pattern, printed.stdout.decode("latin1"))
    assert found is not None
    ours = matched_pairs(*alignments)
    theirs = [float(value) for value in found.groups()]
    assert [ours.segments, round(ours.mean, 3), round(ours.standard_deviation, 3), round(ours.z, 3)] == theirs


def test_without_sctk_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sctk, "find_sctk", lambda: None)
    with pytest.raises(DependencyError, match="apt-get install sctk"):
        score_with_sctk([], [], None)
