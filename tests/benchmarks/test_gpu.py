"""The benchmark of GPUs in its small form on the CPU, and what it does when memory or time run out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import gpu
from benchmarks.gpu import BASELINE, BIG_LITTLE, SMALL, Case, Results, cases, main, measure, measure_all, report

CPU = torch.device("cpu")


@pytest.mark.slow
def test_the_small_form_measures_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--small", "--report", str(tmp_path / "gpu.md")])
    text = (tmp_path / "gpu.md").read_text()
    assert capsys.readouterr().out == text + "\n"
    assert "Not measured" not in text and "halved" not in text
    for case in cases([False]):
        rows = [line for line in text.splitlines() if line.startswith(f"| {case.task} | {case.name} | {case.way} |")]
        cells = [cell.strip() for cell in rows[0].split("|")[1:-1]]
        frames_per_second = float(cells[5].replace(",", ""))
        frames = 2 * 8 if case.task == "training" else 20
        assert frames_per_second == pytest.approx(1e3 * frames / float(cells[4]), rel=0.1)
    speed_ups = text[text.index(f"{BIG_LITTLE} against {BASELINE}") :].splitlines()[4:]
    assert len(speed_ups) == 6
    assert all(float(line.split("|")[4]) > 1 for line in speed_ups)  # the MAC ratio


def test_a_batch_that_is_too_large_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = gpu.training_step

    def small_memory(case: Case, chunks: int, *rest: Any) -> Callable[[], Any]:
        if chunks > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(case, chunks, *rest)

    monkeypatch.setattr(gpu, "training_step", small_memory)
    case = Case(BASELINE, "training", "float32", False)
    found = measure(case, SMALL, CPU)
    assert (found.batch, found.frames, found.halved) == (1, 8, 1)
    results = Results(SMALL, CPU, 0.0, {"bfloat16": 1e9}, {case: found})
    assert "Memory did not suffice, so the batch was halved" in report(results)


def test_compiled_cases_and_failures_of_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler itself takes too long for a test: one that fails, and one that does nothing, take its place."""

    def failing(module: Any) -> Any:
        raise RuntimeError("no C compiler\nmore lines")

    results = Results(SMALL, CPU, time.monotonic() + 500)
    monkeypatch.setattr(torch, "compile", failing)
    monkeypatch.setattr(gpu, "PRECISIONS", ("bfloat16",))
    measure_all(results, [True])
    assert set(results.missing.values()) == {"failed: RuntimeError: no C compiler"} and not results.measured
    monkeypatch.setattr(torch, "compile", lambda module: module)
    measure_all(results, [True])
    assert len(results.measured) == 4 and not results.missing
    assert "| training | resnet22 | bfloat16, compiled |" in report(results)


def test_precisions_that_a_device_lacks_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "has_precision", lambda device, precision: precision == "float32")
    monkeypatch.setattr(gpu, "TASKS", ("inference",))
    results = Results(SMALL, CPU, time.monotonic() + 500)
    measure_all(results, [False])
    text = report(results)
    assert len(results.measured) == 2 and "| - |" in text
    assert "- resnet22, inference, tf32: the device does not compute in this precision" in text


def test_the_watchdog_publishes_what_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ended: list[int] = []
    monkeypatch.setattr(gpu.os, "_exit", ended.append)  # type: ignore[attr-defined]
    results = Results(SMALL, CPU, 0.0)
    results.missing[Case(BASELINE, "training", "tf32", True)] = "no time"
    gpu._stop_now(results, tmp_path / "gpu.md")
    assert ended == [0] and "tf32, compiled: no time" in (tmp_path / "gpu.md").read_text()


def test_what_there_is_no_time_for_is_named() -> None:
    results = Results(SMALL, CPU, time.monotonic() + 1)
    measure_all(results, [True])
    assert len(results.missing) == 12
    assert "- resnet22, training, bfloat16, compiled: no time" in report(results)


def test_without_a_gpu_there_is_only_the_small_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="no GPU that torch can use; --small"):
        main([])
