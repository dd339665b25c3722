"""The whole report, and compilation ahead of the first use."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blasr.errors import DataError
from blasr.pipeline.doctor.installation import CompiledCache, compiled_cache, extras, programs
from blasr.pipeline.doctor.machine import gpus, memory_gib, processor, versions
from blasr.pipeline.doctor.self_tests import SELF_TESTS, SelfTestResult, run_self_test
from blasr.pipeline.doctor.small_system import SmallSystem
from blasr.progress import track

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Diagnosis:
    """What a bug report needs.

    Attributes:
        versions: of blasr, Python, the system and the libraries.
        processor: its model, cores, instruction sets, and what torch uses of them.
        memory_gib: the physical memory.
        gpus: those that torch can use.
        compiled: the cache of compiled functions before the self-tests.
        extras: for each optional extra its packages and their versions, None where absent.
        programs: the paths of optional programs, None where absent.
        self_tests: the results.
    """

    versions: dict[str, str]
    processor: dict[str, Any]
    memory_gib: float
    gpus: list[dict[str, Any]]
    compiled: CompiledCache
    extras: dict[str, dict[str, str | None]]
    programs: dict[str, str | None]
    self_tests: tuple[SelfTestResult, ...]

    def values(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {**asdict(self), "passed": all(result.passed for result in self.self_tests)}

    def check(self) -> None:
        """Refuse an installation with a failed self-test.

        Raises:
            DataError: a self-test failed.
        """
        check_results(self.self_tests)


def diagnose() -> Diagnosis:
    """Examine the machine and the installation, and run every self-test."""
    facts = Diagnosis(versions(), processor(), memory_gib(), gpus(), compiled_cache(), extras(), programs(), ())
    if facts.compiled.compiled < facts.compiled.functions:
        logger.info("some functions are not compiled yet; the self-tests compile them, which takes a minute or two")
    with _small_system() as system:
        results = tuple(run_self_test(test, system) for test in track(SELF_TESTS, "self-tests"))
    return Diagnosis(**{**vars(facts), "self_tests": results})


def warm() -> tuple[SelfTestResult, ...]:
    """Compile every function that numba compiles, with a line in the log before and after each stage.

    Raises:
        DataError: a stage failed.
    """
    tests = [test for test in SELF_TESTS if test.compiles]
    results = []
    with _small_system() as system:
        for number, test in enumerate(tests, 1):
            logger.info("compiling %d/%d: %s", number, len(tests), test.name)
            results.append(run_self_test(test, system))
            state = "compiled" if results[-1].compiled else "was compiled already"
            logger.info("compiling %d/%d: %s %s, %.1f s", number, len(tests), test.name, state, results[-1].seconds)
    check_results(results)
    cache = compiled_cache()
    logger.info("compiled: %d of %d functions, in %s", cache.compiled, cache.functions, ", ".join(cache.folders))
    return tuple(results)


def check_results(results: Sequence[SelfTestResult]) -> None:
    """Refuse failed self-tests.

    Raises:
        DataError: a self-test failed.
    """
    failed = [result for result in results if not result.passed]
    if failed:
        details = "".join(f"\n  {result.name}: {result.detail}" for result in failed)
        raise DataError(
            f"{len(failed)} of {len(results)} self-tests failed:{details}",
            fix="install again (make setup); if they still fail, report it with the output of blasr doctor --json",
        )


@contextmanager
def _small_system() -> Iterator[SmallSystem]:
    with tempfile.TemporaryDirectory(prefix="blasr-doctor-") as folder:
        yield SmallSystem(Path(folder))
