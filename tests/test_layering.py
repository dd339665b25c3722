"""Imports go downward only, and packages of one level never import each other (those inside functions too)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import blasr

PACKAGE = Path(blasr.__file__).parent
LEVELS = (
    {"errors", "units", "config", "interrupts", "jit", "tally", "progress", "threads", "yaml_text"}
    | {"checkout", "pictures"},
    {"io", "nn"},
    {"data", "hmm", "lexicon", "lm", "models", "scoring", "vision"},
    {"augmentation", "features", "graph", "lattices"},
    {"chunks", "decoding", "sequence", "training"},
    {"inference"},
    {"align"},
    {"pipeline"},
    {"serving"},
    {"cli"},
)
LEVEL_OF = {name: level for level, names in enumerate(LEVELS) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


def part_of(path: Path) -> str:
    """The package, or the top-level module, that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Line and part of blasr of every import in ``source``, a module at ``path``, wherever it stands."""
    package = ("blasr", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "blasr" and len(parts) > 1 and parts[1] in LEVEL_OF:
                yield node.lineno, parts[1]


def violations(path: Path, source: str) -> list[str]:
    importer = part_of(path)
    return [
        f"{path.name}:{line}: {importer} (level {LEVEL_OF[importer]}) imports {imported} (level {LEVEL_OF[imported]})"
        for line, imported in imported_parts(path, source)
        if imported != importer and LEVEL_OF[imported] >= LEVEL_OF[importer] and LEVEL_OF[importer] > 0
    ]


def test_every_part_has_a_level() -> None:
    assert {part_of(path) for path in MODULES} <= set(LEVEL_OF)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downward(path: Path) -> None:
    assert violations(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    "source",
    [
        "import blasr.pipeline.train",
        "from blasr.cli import main",
        "from blasr import decoding",
        "def f():\n    from blasr.training import engine",
        "from ..cli import main",
    ],
)
def test_an_upward_import_is_found(source: str) -> None:
    """The check itself can fail: every way of importing upward or sideways from ``graph`` is caught."""
    assert violations(PACKAGE / "graph" / "hclg.py", source) != []
