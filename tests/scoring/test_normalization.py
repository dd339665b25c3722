"""Rules applied to text; the expected texts are those of csrfilt.sh of SCTK 2.4.10."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from blasr.scoring.normalization import Normalizer


class Rule(NamedTuple):
    source: str
    replacement: str
    left: str = " "
    right: str = " "


RULES = [
    Rule("UH", "%HESITATION"),
    Rule("Its", "{IT IS / ITS}"),
    Rule("BREATH", ""),
    Rule("A B", "A_B"),
    Rule("%HESITATION", "(%HESITATION)"),
    Rule("X", "Y Z", " A "),
    Rule("GONNA", "GOING TO"),
    Rule("CAT", "DOG", "", ""),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uh uh", "%HESITATION %HESITATION"),  # neighbours share the blank
        ("uhu buh", "UHU BUH"),
        ("its", "{IT IS / ITS}"),
        ("a breath b", "A B"),  # rules never see what rules wrote
        ("a b", "A_B"),
        ("a x x", "A Y Z X"),
        ("(uh)", "(%HESITATION)"),
        ("(%hesitation)", "((%HESITATION))"),
        ("(a c d)", "(A) (C) (D)"),
        ("(gonna)", "(GOING) (TO)"),
        ("(its c)", "{ (IT) (IS) / (ITS) } (C)"),  # csrfilt.sh breaks this one
        ("mother-in-law", "MOTHER IN LAW"),
        ("-frag frag- (fr-) (-fr) - a--b", "-FRAG FRAG- (FR-) (-FR) - A -B"),
        ("concatenate", "CONDOGENATE"),
        ("{ a / uh }", "{ A / %HESITATION }"),
        ("", ""),
    ],
)
def test_applies_rules(text: str, expected: str) -> None:
    assert Normalizer(RULES, case_sensitive=False).text(text) == expected


def test_text_is_in_capitals_before_case_sensitive_rules_apply() -> None:
    assert Normalizer([Rule("Its", "NO"), Rule("ITS", "YES")]).text("its") == "YES"


def test_text_that_no_rule_matches_can_be_dropped() -> None:
    assert Normalizer([Rule("A", "B ", "", "")], copy_unmatched=False).text("a c a") == "B B"
