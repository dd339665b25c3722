"""The laws of the packages: one name for one class, faces that resolve, and a test file for every module."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections import defaultdict
from pathlib import Path

import pytest

import blasr

PACKAGE = Path(blasr.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))
FACES = sorted(path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)

WITHOUT_TEST_FILE = {
    "decoding/emitting_arcs.py": "the inner loops of token_passing; their results are only visible there",
    "decoding/epsilon_arcs.py": "the inner loops of token_passing; their results are only visible there",
    "graph/fst_closure.py": "one step of fst_determinize; its results are only visible there",
    "graph/fst_subsets.py": "the states of fst_determinize; its results are only visible there",
    "lattices/subset_expansion.py": "one step of subset_construction; its results are only visible there",
    "lattices/subset_output.py": "the last step of subset_construction; its results are only visible there",
    "training/batches.py": "two protocols without code",
}
"""Modules without a test file of their own, and the reason."""


def dotted(path: Path) -> str:
    """The name that the module at ``path`` is imported by."""
    return ".".join(("blasr", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def short_name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


FACE_NAMES = {dotted(path) for path in FACES}


def face_of(module: str) -> str | None:
    """The innermost package that a module belongs to."""
    parts = module.split(".")
    prefixes = (".".join(parts[:end]) for end in range(len(parts), 1, -1))
    return next((prefix for prefix in prefixes if prefix in FACE_NAMES), None)


def test_no_two_public_classes_have_one_name() -> None:
    places = defaultdict(list)
    for path in [*MODULES, *FACES]:
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(short_name(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def loggers_of(source: str) -> list[str]:
    """The module-level names that are bound to ``logging.getLogger(...)``."""
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func).endswith("getLogger"):
            names += [ast.unparse(target) for target in targets]
    return names


@pytest.mark.parametrize("path", MODULES, ids=short_name)
def test_loggers_are_called_logger(path: Path) -> None:
    assert set(loggers_of(path.read_text(encoding="utf-8"))) <= {"logger"}


@pytest.mark.parametrize("source", ["_LOG = logging.getLogger(__name__)", "log: Final = getLogger(__name__)"])
def test_another_name_of_a_logger_is_found(source: str) -> None:
    assert loggers_of(source) not in ([], ["logger"])


@pytest.mark.parametrize("path", FACES, ids=short_name)
def test_every_name_of_a_face_exists(path: Path) -> None:
    module = importlib.import_module(dotted(path))
    assert module.__all__
    assert all(hasattr(module, name) for name in module.__all__)
    assert module.__doc__


def foreign_names(module: str, tree: ast.Module) -> list[str]:
    """Imports of names that are not in the face of the other package they come from."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("blasr."):
            continue
        face = face_of(str(node.module))
        if face is None or face == face_of(module) or face.startswith("blasr.cli"):
            continue
        public = importlib.import_module(face).__all__
        for alias in node.names:
            is_module = importlib.util.find_spec(f"{node.module}.{alias.name}") if node.module == face else None
            if alias.name not in public and is_module is None:
                found.append(f"line {node.lineno}: {node.module}.{alias.name}")
    return found


@pytest.mark.parametrize("path", [*MODULES, *FACES], ids=short_name)
def test_other_packages_are_used_through_their_faces(path: Path) -> None:
    assert foreign_names(dotted(path), parsed(path)) == []


@pytest.mark.parametrize(
    "source", ["from blasr.io.fst import _read_vector", "def f():\n    from blasr.hmm.tree import _stub"]
)
def test_a_private_import_is_found(source: str) -> None:
    assert foreign_names("blasr.graph.hclg", ast.parse(source)) != []


@pytest.mark.parametrize("path", MODULES, ids=short_name)
def test_every_module_has_a_test_file(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    has_file = (TESTS / relative.parent / f"test_{relative.stem}.py").exists()
    assert has_file != (relative.as_posix() in WITHOUT_TEST_FILE)
