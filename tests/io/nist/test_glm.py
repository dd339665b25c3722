"""GLM files: rules with and without context, for one kind of text, and lines that rfilter1 would misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.nist.glm import GlmRule, read_glm


def read(tmp_path: Path, lines: str, kind: str = "stm", purpose: str = "ref") -> tuple[GlmRule, ...]:
    (tmp_path / "rules.glm").write_text(lines)
    return read_glm(tmp_path / "rules.glm", kind, purpose).rules


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("[UH] => [%HESITATION] / [ ] __ [ ]", GlmRule("UH", "%HESITATION", " ", " ")),
        ("[ITS] => [{IT IS / ITS}] / [ ] __ [ ] ;; contraction", GlmRule("ITS", "{IT IS / ITS}", " ", " ")),
        ("[BREATH] => [] / [ ] __ [ ]", GlmRule("BREATH", "", " ", " ")),
        ("[BREATH] =>", GlmRule("BREATH", "")),
        ('"ALL RIGHT" => ALRIGHT', GlmRule("ALL RIGHT", "ALRIGHT")),
        ("[X] => [Y] / __ [ Z]", GlmRule("X", "Y", "", " Z")),
        ("[X] => [Y] / [A ] __", GlmRule("X", "Y", "A ", "")),
        ("[X] => [Y] /__ [ Z]", GlmRule("X", "Y", "", " Z")),
        ("[X] => [Y] / [ ]__ [ ]", GlmRule("X", "Y", " ", " ")),
        ("[A/B] => [C]", GlmRule("A/B", "C")),
        ('"[" => "]"', GlmRule("[", "]")),
    ],
)
def test_a_rule_is_read(tmp_path: Path, line: str, rule: GlmRule) -> None:
    assert read(tmp_path, f";; rules\n{line}\n") == (rule,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[UH] [%HESITATION]", "the rule has no =>"),
        ("=> [X]", "nothing before =>"),
        ("[UH] =>[X]", "no blank after =>"),
        ("[ITS] => [{IT IS / ITS}]", "the last / is not followed by a context"),
        ("[UH] => [X] / [ ] [ ]", "the last / is not followed by a context"),
        ("[UH] => [X] / [ ] __[ ]", "the last / is not followed by a context"),
        ("[UH] => [X] / [A_B ] __ [ ]", "the last / is not followed by a context"),
        ("A/B => C", "the last / is not followed by a context"),
        ("[UH => [X] / [ ] __ [ ]", "there is a [ inside [ ]"),
        ("[UH] => [X / [ ] __ [ ]", "there is a [ inside [ ]"),
        ("[UH] => [X] / [ ] __ [ ", "there is a [ without its ]"),
        ("[UH => X", "there is a [ without its ]"),
        ("UH] => [X]", "there is a ] without its ["),
        ("   ;; indented", "a comment must begin a line or follow a rule"),
        ("* CASE_SENSITIVE = F", "no value in quotes"),
        (';; INPUT_DEPENDENT_APPLICATION = "st(m"', "is not valid"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(tmp_path, f";; rules\n[A] => [B]\n{line}\n")
    assert "rules.glm:3: " in str(caught.value) and message in str(caught.value)


def test_rules_may_apply_to_one_kind_of_text(tmp_path: Path) -> None:
    lines = ';; rules\n[A] => [B]\n;; INPUT_DEPENDENT_APPLICATION = "STM|rttm"\n[C] => [D]\n'
    lines += ';; INPUT_DEPENDENT_APPLICATION = "hyp"\n[E] => [F]\n'
    assert [rule.source for rule in read(tmp_path, lines)] == ["A", "C"]
    assert [rule.source for rule in read(tmp_path, lines, "ctm", "hyp")] == ["A", "E"]
    assert [rule.line for rule in read(tmp_path, lines, "ctm", "hyp")] == [2, 6]


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "rules.glm"
    path.write_text(";; rules\n* case_sensitive = 'F'\n* COPY_NO_HIT = 'no'\n[A] => [B]\n")
    glm = read_glm(path, "stm", "ref")
    assert (glm.case_sensitive, glm.copy_unmatched) == (False, False)
    path.write_text(";; rules\n" + "[A] => [B]\n" * 401)
    with pytest.raises(FormatError, match="401 rules where MAX_NRULES is 400"):
        read_glm(path, "stm", "ref")
    path.write_text(";; rules\n* MAX_NRULES = '1000'\n" + "[A] => [B]\n" * 401)
    assert len(read_glm(path, "stm", "ref").rules) == 401


@pytest.mark.parametrize("first", ["[A] => [B]", "* NAME = 'x'", "", "  ;; late"])
def test_the_first_line_must_be_a_comment(tmp_path: Path, first: str) -> None:
    with pytest.raises(FormatError, match=r"rules.glm:1: the first line"):
        read(tmp_path, f"{first}\n[A] => [B]\n")
