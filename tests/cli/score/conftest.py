"""References and hypotheses of a small conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

STM = """\
;; LABEL "SWB" "Switchboard" ""
;; LABEL "CH" "CallHome" ""
sw_1 A sw_1_A 0 1 <O,SWB> its { a / b } (uh)
sw_1 A sw_1_A 1 2 <O,SWB> ignore_time_segment_in_scoring
sw_1 B sw_1_B 0 2 <O,SWB> a b c
en_1 A en_1_A 0 1 <O,CH> all right
en_1 A en_1_A 1 2 <O,CH> d e
"""
GLM = """\
;; rules
* CASE_SENSITIVE = 'F'
[ITS] => [{IT IS / ITS}] / [ ] __ [ ]
[ALL RIGHT] => [ALRIGHT] / [ ] __ [ ]
"""
CTM = """\
sw_1 A 0.1 0.2 it 0.9
sw_1 A 0.3 0.2 is
sw_1 A 0.6 0.2 b
sw_1 A 1.4 0.2 noise
sw_1 B 0.1 0.2 a
sw_1 B 0.5 0.2 x
sw_1 B 0.9 0.2 c
en_1 A 0.2 0.2 alright
"""


@pytest.fixture
def conversation(tmp_path: Path) -> Path:
    (tmp_path / "ref.stm").write_text(STM)
    (tmp_path / "rules.glm").write_text(GLM)
    (tmp_path / "hyp.ctm").write_text(CTM)
    return tmp_path
