"""The report, and compilation ahead."""

from __future__ import annotations

import json
import logging

import pytest

from blasr.errors import DataError
from blasr.jit import compiled_functions, is_cached
from blasr.pipeline.doctor import diagnosis
from blasr.pipeline.doctor.self_tests import SELF_TESTS, SelfTest


def test_warm_compiles_every_function(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        results = diagnosis.warm()
    assert all(result.passed for result in results)
    assert [function for function in compiled_functions() if not is_cached(function)] == []
    lines = [record.message for record in caplog.records]
    assert lines[0] == "compiling 1/5: graph"
    assert lines[-1].startswith(f"compiled: {len(compiled_functions())} of {len(compiled_functions())} functions")


def test_the_report_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "SELF_TESTS", [test for test in SELF_TESTS if test.name in ("graph", "scoring")])
    found = diagnosis.diagnose()
    values = json.loads(json.dumps(found.values()))
    assert values["passed"] is True
    assert [test["name"] for test in values["self_tests"]] == ["graph", "scoring"]
    found.check()


def test_a_failure_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SelfTest("network", lambda system: str(1 / 0), compiles=True)
    monkeypatch.setattr(diagnosis, "SELF_TESTS", [broken])
    found = diagnosis.diagnose()
    assert found.values()["passed"] is False
    with pytest.raises(DataError, match="1 of 1 self-tests failed:\n  network: ZeroDivisionError"):
        found.check()
    with pytest.raises(DataError, match="self-tests failed"):
        diagnosis.warm()
