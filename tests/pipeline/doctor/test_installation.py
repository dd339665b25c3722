"""Optional parts, and the cache of compiled functions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import blasr
import blasr.pipeline.doctor.self_tests  # imports every module with compiled functions
from blasr.jit import compiled_functions
from blasr.pipeline.doctor import installation

PACKAGE = Path(blasr.__file__).parent


def test_the_extras_are_those_of_pyproject() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        extra: tuple(re.split(r"[<>=;\s]", line, maxsplit=1)[0] for line in lines)
        for extra, lines in project["optional-dependencies"].items()
        if extra not in ("all", "dev", "docs")
    }
    assert dict(installation.EXTRAS) == declared
    assert installation.extras().keys() == declared.keys()
    assert project["optional-dependencies"]["all"] == [f"blasr[{','.join(declared)}]"]


def test_programs_are_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sox"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = installation.programs()
    assert found["sox"] == str(program)
    assert found["ffmpeg"] is None


def test_every_module_with_compiled_functions_is_counted() -> None:
    with_jit = {
        ".".join(("blasr", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^@jit", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert installation.compiled_cache().functions == len(compiled_functions())
    assert {function.py_func.__module__ for function in compiled_functions()} == with_jit
