from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from blasr.errors import ConfigError
from blasr.graph.config import LangConfig

HEAVY = ("numpy", "torch", "numba", "kaldifst", "soundfile")


def test_importing_it_loads_no_numerical_library() -> None:
    code = f"import sys, blasr.graph.config; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_phones_become_tuples() -> None:
    config = LangConfig(["SIL"], "<UNK>", nonsilence_phones=[["a0", "a1"], ["b"]])
    assert config.silence_phones == ("SIL",)
    assert config.nonsilence_phones == (("a0", "a1"), ("b",))
    assert config.extra_questions is None
    assert hash(config) == hash(LangConfig(("SIL",), "<UNK>", nonsilence_phones=(("a0", "a1"), ("b",))))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"silence_probability": 1.0}, "from 0 to below 1, found 1.0"),
        ({"silence_probability": -0.1}, "found -0.1"),
        ({"num_silence_states": 0}, "at least one HMM state per phone, found 0 for silence phones"),
        ({"num_nonsilence_states": 0}, "and 0 for the others"),
    ],
)
def test_values_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LangConfig(["SIL"], "<UNK>", **options)
