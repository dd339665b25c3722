"""Names of branches, and that the choices need no torch."""

from __future__ import annotations

import subprocess
import sys

from blasr.nn import branch_names


def test_branches_are_named_from_big_to_little() -> None:
    assert branch_names(2) == ("big", "little")
    assert branch_names(3) == ("big", "middle", "little")
    assert branch_names(4) == ("big", "middle1", "middle2", "little")


def test_the_choices_need_no_torch() -> None:
    subprocess.run(
        [sys.executable, "-c", "import sys, blasr.nn.choices; assert 'torch' not in sys.modules"], check=True
    )
