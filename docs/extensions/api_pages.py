"""The reference of the Python API: a page for the face of each package, with every name of its ``__init__.pyi``."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

import blasr
from docs.extensions.docstrings import beginning, first_sentence
from docs.extensions.markdown import directive, escape, table

FOLDER: Final = "reference/api"
PACKAGE: Final = Path(blasr.__file__).parent
GROUND: Final = ("blasr.errors", "blasr.config", "blasr.tally", "blasr.progress", "blasr.units")
"""Modules that all packages use; they have no face, and all their public names are documented."""


@dataclass(frozen=True)
class PublicName:
    """A name of a face.

    Attributes:
        face: the package, such as ``blasr.lattices``.
        name: the name in it.
        module: the module that defines it.
    """

    face: str
    name: str
    module: str

    @property
    def value(self) -> Any:
        """The object."""
        return getattr(importlib.import_module(self.face), self.name)

    @property
    def home(self) -> str:
        """The innermost package whose face has the name too; only its page describes the name."""
        parts = self.module.split(".")[:-1]
        inner = [".".join(parts[:end]) for end in range(len(parts), len(self.face.split(".")), -1)]
        return next((face for face in inner if face in faces() and self.name in _names(face)), self.face)

    @property
    def kind(self) -> str:
        """The name of the directive: ``class``, ``exception``, ``function`` or ``data``."""
        value = self.value
        if inspect.isclass(value) and value.__module__.startswith("blasr"):
            return "exception" if issubclass(value, BaseException) else "class"
        return "function" if inspect.isroutine(value) or hasattr(value, "py_func") else "data"

    @property
    def documentation(self) -> str:
        """The docstring; that of a constant is the string after its assignment."""
        if self.kind == "data":
            return "\n".join(self._comments()).strip()
        return inspect.getdoc(self.value) or ""

    def _comments(self) -> list[str]:
        try:
            return ModuleAnalyzer.for_module(self.module).find_attr_docs().get(("", self.name), [])
        except PycodeError:
            return []


@cache
def faces() -> tuple[str, ...]:
    """Return the names of the packages with a face, and ``blasr`` itself."""
    folders = sorted(path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.pyi"))
    return ("blasr", *(".".join(("blasr", *folder.parts)) for folder in folders))


@cache
def _names(face: str) -> frozenset[str]:
    return frozenset(name.name for name in public_names(face))


def public_names(face: str) -> list[PublicName]:
    """Return the names of a face in the order of its stub."""
    path = PACKAGE.joinpath(*face.split(".")[1:], "__init__.py")
    stub = path.with_suffix(".pyi")
    tree = ast.parse((stub if stub.exists() else path).read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = f"{face}." if node.level else ""
            found += [
                PublicName(face, alias.asname, f"{base}{node.module}")
                for alias in node.names
                if alias.asname == alias.name
            ]
    return found


def api_pages() -> dict[str, str]:
    """Return the text of every page by its path below ``docs``."""
    pages = {f"{FOLDER}/{face}.md": _page(face) for face in faces()}
    pages |= {f"{FOLDER}/{module}.md": _module_page(module) for module in GROUND}
    names = [*faces(), *GROUND]
    rows = [(f"[`{name}`]({name}.md)", escape(first_sentence(importlib.import_module(name)))) for name in names]
    pages[f"{FOLDER}/index.md"] = "\n".join(
        (
            "# Python API\n",
            "The public names of a package are those of its `__init__.pyi`. Modules are loaded when they are used.\n",
            table(("package", "subject"), rows),
            directive("toctree", "", ":hidden:\n\n" + "".join(f"{name}\n" for name in names)),
        )
    )
    return pages


def _page(face: str) -> str:
    module = importlib.import_module(face)
    names = public_names(face)
    overview = table(("name", "what it is"), ((_reference(name), escape(_summary(name))) for name in names))
    parts = [f"# {face}\n", _restructured(f".. py:module:: {face}\n\n{inspect.getdoc(module) or ''}"), overview]
    return "\n".join([*parts, *(_entry(name) for name in names if name.home == face)])


def _module_page(module: str) -> str:
    return f"# {module}\n\n" + _restructured(f".. automodule:: {module}")


def _reference(name: PublicName) -> str:
    role = {"class": "class", "exception": "exc", "function": "func", "data": "data"}[name.kind]
    return f"{{py:{role}}}`~{name.home}.{name.name}`"


def _summary(name: PublicName) -> str:
    if name.kind == "data":
        return " ".join(name.documentation.partition("\n\n")[0].split())
    return first_sentence(name.value) or beginning(name.value)


def _entry(name: PublicName) -> str:
    if name.kind != "data":
        return _restructured(f".. auto{name.kind}:: {name.face}.{name.name}")
    lines = [f".. py:data:: {name.name}", f"   :module: {name.face}"]
    value = repr(name.value)
    if len(value) <= 80 and "<" not in value and "object at" not in value:
        lines.append(f"   :value: {value}")
    return _restructured("\n".join([*lines, "", *(f"   {line}" for line in name.documentation.splitlines())]))


def _restructured(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```\n"


def undocumented() -> Iterator[str]:
    """Yield the public names without a docstring."""
    for face in faces():
        for name in public_names(face):
            if not name.documentation:
                yield f"{face}.{name.name}"
