"""Ctrl-C at any time after Python itself has started is one message, 130 and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blasr.interrupts import INTERRUPTED, RecordedInterrupts, is_program


@pytest.fixture(autouse=True)
def _interrupts_are_not_ignored() -> Iterator[None]:
    """Programs in the background of a shell ignore SIGINT, and so do the programs that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


RUN = """
import os, signal, sys, threading
sys.argv[:] = [{argv!r}, "summary", "resnet22"]

class InterruptAt:  # the program gets Ctrl-C in the middle of this import
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                pass

import site
sys.meta_path.insert(0, InterruptAt())
import blasr
from blasr.cli.main import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "module", ["lazy_loader", "blasr.cli", "blasr.cli.main", "blasr.cli.summary", "torch", "numpy"]
)
@pytest.mark.parametrize("argv", ["-m", "/usr/local/bin/blasr"])
def test_ctrl_c_while_importing(argv: str, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(argv=argv, module=module)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (INTERRUPTED, "")
    name = "blasr summary" if module in ("blasr.cli.summary", "torch", "numpy") else "blasr"
    assert done.stderr == f"{name}: interrupted\n"


@pytest.mark.parametrize("module", ["torch"])
def test_the_whole_program(module: str, tmp_path: Path) -> None:
    """``python -m blasr.cli`` with a torch whose import is slow and turns Ctrl-C into another error."""
    (tmp_path / f"{module}.py").write_text(
        "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    [None for _ in range(1000)]\n"
        "except KeyboardInterrupt:\n    raise ImportError('initialization failed')\n"
    )
    command = [sys.executable, "-m", "blasr.cli", "summary", "resnet22"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "blasr summary: interrupted\n")


def test_what_is_the_program() -> None:
    assert is_program(["-m", "train"]) and is_program(["/usr/bin/blasr"]) and is_program(["C:\\bin\\blasr.exe"])
    assert not is_program([]) and not is_program(["/usr/bin/pytest"]) and not is_program(["-c"])


def test_an_interrupt_is_recorded_and_the_handler_restored() -> None:
    before = signal.getsignal(signal.SIGINT)
    with RecordedInterrupts() as interrupts:
        assert not interrupts.happened
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                pass
        assert interrupts.happened
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with RecordedInterrupts():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
