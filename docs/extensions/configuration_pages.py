"""The reference of configurations: every key with its type, its default and its description, from the dataclasses."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import types
import typing
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import blasr
from blasr.align.config import FlatStartConfig, RealignConfig
from blasr.pipeline.config import RunConfig
from blasr.pipeline.vision.config import VisionRunConfig
from docs.extensions.docstrings import beginning, descriptions, first_sentence
from docs.extensions.markdown import code, directive, escape, table

FOLDER: Final = "reference/configuration"
ROOTS: Final = {
    RunConfig: ("keys-train", "`blasr train CONFIG`; files in `conf/`"),
    VisionRunConfig: ("keys-vision-train", "`blasr vision train CONFIG`; files in `conf/vision/`"),
    FlatStartConfig: ("keys-align", "`blasr align` from a flat start; `--config FILE` and `--set`"),
    RealignConfig: ("keys-realign", "`blasr align` with `--gmm` or `--experiment`; `--config FILE` and `--set`"),
}
"""What a user writes as YAML: the name of its page, and where it is used."""


@dataclass(frozen=True)
class Key:
    """One key of a configuration.

    Attributes:
        name: its name in its section.
        kind: its type, as a user reads it.
        default: its default as YAML; empty if the key is required.
        description: one line of plain text.
        section: the dataclass that it contains, if it is a section.
        rows: the dataclasses that its list may contain.
    """

    name: str
    kind: str
    default: str
    description: str
    section: type | None = None
    rows: tuple[type, ...] = ()


def configuration_pages() -> dict[str, str]:
    """Return the text of every page by its path below ``docs``."""
    owners: dict[str, list[type]] = defaultdict(list)
    for cls in configurations():
        owners[owner(cls)].append(cls)
    pages = {f"{FOLDER}/{name}.md": _root_page(cls, where) for cls, (name, where) in ROOTS.items()}
    for name, classes in owners.items():
        pages[f"{FOLDER}/{name.replace('.', '-')}.md"] = _owner_page(name, classes)
    pages[f"{FOLDER}/index.md"] = _index(owners)
    return pages


def configurations() -> list[type]:
    """Return every public dataclass of the modules called ``config`` or ``..._config``, in the order of the modules."""
    found: dict[type, None] = {}
    modules = pkgutil.walk_packages(blasr.__path__, "blasr.")
    for name in sorted(module.name for module in modules if module.name.endswith("config")):
        module = importlib.import_module(name)
        for value in vars(module).values():
            if dataclasses.is_dataclass(value) and isinstance(value, type) and value.__module__ == name:
                found[value] = None
    return list(found)


def owner(cls: type) -> str:
    """Return the package that a configuration belongs to, such as ``features`` or ``pipeline.vision``."""
    return cls.__module__.removeprefix("blasr.").rpartition(".")[0]


def keys(cls: type, defaults: Any = None) -> list[Key]:
    """Return the keys of a configuration in the order of its fields.

    Args:
        cls: the configuration.
        defaults: an instance with the defaults; by default they are those of the fields.
    """
    hints = typing.get_type_hints(cls)
    texts = descriptions(cls)
    found = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        section, rows = _section(hint), _rows(hint)
        text = texts.get(field.name) or (first_sentence(section) if section else "")
        value = _default(field) if defaults is None else getattr(defaults, field.name)
        shown = "" if value is dataclasses.MISSING or dataclasses.is_dataclass(value) else _yaml(value)
        found.append(Key(field.name, type_text(hint), shown, text, section, rows))
    return found


def type_text(hint: Any) -> str:
    """Return a type as a user reads it: ``text``, ``path``, ``list of number``, ``"sgd" or "adamw"``."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f'"{value}"' for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_text(argument) for argument in arguments)
    if origin in (tuple, list) or getattr(origin, "__name__", "") == "Sequence":
        return f"list of {type_text(arguments[0])}"
    names = {int: "whole number", float: "number", bool: "yes or no", str: "text", Path: "path", type(None): "nothing"}
    return names.get(hint) or str(getattr(hint, "__name__", hint))


def _section(hint: Any) -> type | None:
    options = [hint, *(typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else ())]
    return next((option for option in options if isinstance(option, type) and dataclasses.is_dataclass(option)), None)


def _rows(hint: Any) -> tuple[type, ...]:
    if typing.get_origin(hint) is not tuple:
        return ()
    inner = typing.get_args(hint)[0]
    options = typing.get_args(inner) or (inner,)
    return tuple(row for row in options if isinstance(row, type) and dataclasses.is_dataclass(row))


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _yaml(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    return str(value)


def _key_rows(cls: type, prefix: str = "", defaults: Any = None) -> Iterator[tuple[str, str, str, str]]:
    for key in keys(cls, defaults):
        kinds = key.section or key.rows
        required = not key.default and not key.section
        text = escape(key.description)
        if key.section:
            text += f" See {_link(key.section)}."
        elif key.rows:
            text += f" Rows: {', '.join(map(_link, key.rows))}."
        shown = "section" if key.section else "list of rows" if kinds else escape(key.kind)
        yield code(f"{prefix}{key.name}"), shown, "required" if required else code(key.default), text


def _link(cls: type) -> str:
    return f"[{cls.__name__}]({owner(cls).replace('.', '-') or 'run'}.md#{anchor(cls)})"


def anchor(cls: type) -> str:
    """Return the target of a configuration's heading."""
    return f"config-{cls.__name__.lower()}"


HEADER: Final = ("key", "type", "default", "meaning")


def _root_page(cls: type, where: str) -> str:
    parts = [
        f"# All keys of {ROOTS[cls][0].removeprefix('keys-').replace('-', ' ')}\n",
        f"{where}.\n",
        escape(beginning(cls)) + "\n",
    ]
    parts.append(f"`--set SECTION.KEY=VALUE` overrides a key. The sections are in the order of {code(cls.__name__)}.\n")
    parts += _sections(cls, "", 2)
    return "\n".join(parts)


def _sections(cls: type, prefix: str, level: int, defaults: Any = None) -> Iterator[str]:
    yield table(HEADER, _key_rows(cls, prefix, defaults))
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in keys(cls):
        if key.section is None:
            continue
        inner = _default(fields[key.name]) if defaults is None else getattr(defaults, key.name)
        yield f"{'#' * level} {code(prefix + key.name)}\n"
        yield f"{escape(beginning(key.section))}\n"
        given = inner if dataclasses.is_dataclass(inner) else None
        yield from _sections(key.section, f"{prefix}{key.name}.", min(level + 1, 4), given)


def _owner_page(name: str, classes: list[type]) -> str:
    parts = [f"# {code(f'blasr.{name}')}\n", f"{escape(_owner_text(name))}\n"]
    for cls in classes:
        parts += [
            f"({anchor(cls)})=\n## {cls.__name__}\n",
            escape(beginning(cls)) + "\n",
            table(HEADER, _key_rows(cls)),
        ]
    return "\n".join(parts)


def _owner_text(name: str) -> str:
    """Return the docstring of the package's configuration module without its remark on imports."""
    modules = pkgutil.iter_modules(importlib.import_module(f"blasr.{name}").__path__)
    config = next(module.name for module in modules if module.name.endswith("config"))
    return first_sentence(importlib.import_module(f"blasr.{name}.{config}"))


def _index(owners: dict[str, list[type]]) -> str:
    rows = [(f"[{name.removeprefix('keys-').replace('-', ' ')}]({name}.md)", where) for name, where in ROOTS.values()]
    packages = [
        (f"[`blasr.{name}`]({name.replace('.', '-')}.md)", ", ".join(map(_link, classes)))
        for name, classes in owners.items()
    ]
    names = [*(name for name, _ in ROOTS.values()), *(name.replace(".", "-") for name in owners)]
    return "\n".join(
        (
            "# Configuration\n",
            "A configuration is a YAML file, or `--set SECTION.KEY=VALUE` on the command line. Unknown keys are",
            "refused with the nearest known one. These pages come from the dataclasses.\n",
            "## By command\n",
            table(("keys", "used by"), rows),
            "## By package\n",
            table(("package", "configurations"), packages),
            directive("toctree", "", ":hidden:\n\n" + "".join(f"{name}\n" for name in names)),
        )
    )
