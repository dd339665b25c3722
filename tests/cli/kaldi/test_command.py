"""``blasr kaldi``: pipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.cli.kaldi.conftest import kaldi


def test_commands_need_to_be_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i").write_text("a 3 1\n")
    words = ["copy-int-vector", f"ark:head -c 99 {tmp_path}/i |", f"ark,t:{tmp_path}/copy"]
    assert main(["kaldi", *words]) == 1
    assert "--allow-pipes" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()
    kaldi("copy-int-vector", "--allow-pipes", *words[1:])
    assert (tmp_path / "copy").read_text() == "a 3 1 \n"
    kaldi("copy-int-vector", "--allow-pipes", f"ark:{tmp_path}/copy", f"ark,t:| tee {tmp_path}/tee")
    assert (tmp_path / "tee").read_text() == "a 3 1 \n"
