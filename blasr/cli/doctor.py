"""``blasr doctor``: the machine, the installation, and a self-test of every stage."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blasr.cli.columns import columns
from blasr.cli.parser import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blasr.pipeline.doctor import Diagnosis

EPILOG = """\
The report has the versions of blasr and its libraries, the processor and its instruction sets, memory and GPUs, the
cache of compiled functions, the optional packages and programs that were found, and the result of a self-test of each
stage. A self-test computes a small answer that is known beforehand. The exit status is 1 if one of them fails. Put the
report into every bug report.

blasr compiles its searches when they are first used, once per installation. --warm does it ahead.

""" + examples("blasr doctor", "blasr doctor --json > report.json", "blasr doctor --warm")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr doctor``."""
    parser.epilog = EPILOG
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--json",
        nargs="?",
        const=True,
        type=Path,
        metavar="FILE",
        help="the report as JSON, on the standard output or in a file",
    )
    what.add_argument("--warm", action="store_true", help="compile every function ahead of its first use, and stop")


def run(args: argparse.Namespace) -> None:
    """Print the report, or compile.

    Raises:
        DataError: a self-test failed.
    """
    from blasr.pipeline.doctor import diagnose, warm

    if args.warm:
        warm()
        return
    diagnosis = diagnose()
    if args.json is None:
        print(report(diagnosis))
    else:
        _write_json(diagnosis, args.json)
    sys.stdout.flush()
    diagnosis.check()


def _write_json(diagnosis: Diagnosis, target: Path | bool) -> None:
    import json

    from blasr.io.atomic import atomic_open

    text = json.dumps(diagnosis.values(), indent=2) + "\n"
    if isinstance(target, Path):
        with atomic_open(target, "w") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


def report(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as text."""
    rows = [
        (result.name, "passed" if result.passed else "FAILED", f"{result.seconds:.1f}", _detail(result.detail))
        for result in diagnosis.self_tests
    ]
    tests = columns(("self-test", "result", "seconds", ""), rows, right=[False, False, True, False])
    return "\n\n".join([columns(("", ""), list(_facts(diagnosis))).lstrip("\n"), tests])


def _detail(text: str) -> str:
    return " ".join(text.split())


def _facts(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    from blasr.pipeline.doctor import EXTRAS

    yield from diagnosis.versions.items()
    cpu = diagnosis.processor
    yield "processor", f"{cpu['model']}, {cpu['cores']} cores, load {cpu['load'][0]:g}"
    yield "instruction sets", " ".join(cpu["features"]) or "none of those that matter here"
    yield "torch on it", f"{cpu['torch capability']}, {cpu['torch threads']} threads"
    yield "memory", f"{diagnosis.memory_gib:g} GiB"
    found_gpus = [f"{gpu['name']}, {gpu['memory GiB']:g} GiB" for gpu in diagnosis.gpus]
    for gpu in found_gpus or ["none that torch can use"]:
        yield "GPU", gpu
    cache = diagnosis.compiled
    yield "compiled functions", f"{cache.compiled} of {cache.functions} in {cache.folders[0] if cache.folders else '?'}"
    for extra in EXTRAS:
        packages = diagnosis.extras[extra]
        found = ", ".join(f"{name} {version}" for name, version in packages.items() if version)
        missing = [name for name, version in packages.items() if version is None]
        yield f"extra {extra}", found if not missing else f"absent: pip install 'blasr[{extra}]'"
    for name, path in diagnosis.programs.items():
        yield f"program {name}", path or "not on the PATH"
