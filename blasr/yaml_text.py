"""YAML text as plain values. A key that appears twice in one section is reported; PyYAML silently keeps the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blasr.errors import ConfigError


@dataclass(frozen=True)
class YamlDocument:
    """The content of YAML text.

    Attributes:
        value: nested dictionaries, lists and scalars; a repeated key has its last value.
        repeated: a sentence for every key that appears more than once in its section, with all of its lines.
    """

    value: Any
    repeated: tuple[str, ...]


def parse_yaml(text: str, path: str | Path | None = None) -> YamlDocument:
    """Parse one YAML document; ``path`` is named in errors.

    Raises:
        ConfigError: the text is not YAML, with the line.
    """
    loader = yaml.SafeLoader
    try:
        reader = loader(text)
        node = reader.get_single_node()
        repeated = () if node is None else tuple(_repeated_keys(node, "", set()))
        return YamlDocument(None if node is None else reader.construct_document(node), repeated)
    except yaml.YAMLError as error:
        message, line = _describe(error, text)
        raise ConfigError(f"is not YAML: {message}", path=path, line=line) from None
    except RecursionError:
        raise ConfigError("cannot be read as YAML: its sections or lists are nested too deeply", path=path) from None
    except ValueError as error:  # for example a date with month 13
        raise ConfigError(
            f"has a value that looks like a number or a date but is not one: {error}", path=path, fix="quote the value"
        ) from None


def read_yaml(path: Path) -> YamlDocument:
    """Read a YAML file.

    Raises:
        ConfigError: the file cannot be read, or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"is not UTF-8: {error}"
        raise ConfigError(f"cannot be read: {reason}", path=path, fix="give the path of a YAML file") from None
    return parse_yaml(text, path)


def _repeated_keys(node: yaml.Node, where: str, seen: set[int]) -> Iterator[str]:
    """Yield a sentence for every repeated key below ``node``; ``seen`` has the nodes visited before."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated_keys(item, f"{where}[{index}]", seen)
        return
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            lines[key.tag, key.value].append(key.start_mark.line + 1)
    for (_, name), found in lines.items():
        if len(found) > 1:
            places = f"{', '.join(map(str, found[:-1]))} and {found[-1]}"
            count = "twice" if len(found) == 2 else f"{len(found)} times"
            yield f"{_join(where, name)}: appears {count}, on lines {places}; keep one of them"
    for key, value in node.value:
        yield from _repeated_keys(value, _join(where, getattr(key, "value", "?")), seen)


def _join(where: str, name: object) -> str:
    return f"{where}.{name}" if where else str(name)


def _describe(error: yaml.YAMLError, text: str) -> tuple[str, int | None]:
    """What is wrong, and the line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return error.problem or str(error), error.problem_mark.line + 1
    if isinstance(error, yaml.reader.ReaderError):
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return f"the character U+{code:04X} is not allowed", text.count("\n", 0, error.position) + 1
    return str(error), None
