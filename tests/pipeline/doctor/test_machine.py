"""What is read from the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.checkout import version_text
from blasr.pipeline.doctor import machine


def test_versions_are_those_of_the_packages() -> None:
    found = machine.versions()
    assert found["blasr"] == version_text()
    assert torch.__version__.startswith(found["torch"])
    assert "absent" not in found.values()
    assert machine.package_version("no-such-package") is None


def test_instruction_sets_are_read_from_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: A: fast one\nflags\t\t: fpu avx2 avx512_vnni sse\n")
    monkeypatch.setattr(machine, "_CPU_INFO", info)
    found = machine.processor()
    assert found["model"] == "A: fast one"
    assert found["features"] == ["avx2", "avx512_vnni"]
    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "absent")
    assert machine.processor()["features"] == []


def test_memory_and_gpus() -> None:
    assert machine.memory_gib() > 0.1
    assert len(machine.gpus()) == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
