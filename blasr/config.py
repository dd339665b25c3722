"""YAML files as frozen dataclasses: unknown keys are refused with a suggestion, and all errors are reported at once."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from blasr.errors import ConfigError
from blasr.yaml_text import parse_yaml, read_yaml

Config = TypeVar("Config")


def load_config(cls: type[Config], path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML file as a ``cls``.

    Args:
        cls: a frozen dataclass; its fields may be dataclasses too.
        path: the file.
        overrides: ``section.key=value`` strings that replace values of the file; their values are YAML too.

    Raises:
        ConfigError: the file cannot be read, or has repeated, unknown or missing keys or values of a wrong type; the
            error lists all of them.
    """
    document = read_yaml(path)
    mapping = {} if document.value is None else document.value
    if not isinstance(mapping, dict):
        raise ConfigError(f"contains a {type(mapping).__name__}, expected sections of keys", path=path)
    errors = [*document.repeated]
    _apply_overrides(mapping, overrides, errors)
    return _parse(cls, mapping, str(path), errors)


def parse_config(cls: type[Config], mapping: Mapping[str, Any], source: str = "config") -> Config:
    """Build a ``cls`` from nested mappings; ``source`` is named in errors.

    Raises:
        ConfigError: there are unknown or missing keys or values of a wrong type; the error lists all of them.
    """
    return _parse(cls, mapping, source, [])


def _parse(cls: type[Config], mapping: Mapping[str, Any], source: str, errors: list[str]) -> Config:
    value = _build(cls, mapping, "", errors)
    if errors:
        raise ConfigError("\n  ".join([f"{len(errors)} error(s):", *errors]), path=source)
    return typing.cast(Config, value)


def to_mapping(config: Any) -> dict[str, Any]:
    """Convert a configuration to nested mappings of plain YAML types, the inverse of :func:`parse_config`."""
    mapping = dataclasses.asdict(config)
    return typing.cast(dict[str, Any], _plain(mapping))


def write_yaml(config: Any) -> str:
    """Return a configuration as YAML text, with the keys in the order of the dataclass."""
    return yaml.safe_dump(to_mapping(config), sort_keys=False, allow_unicode=True)


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``section.key`` and the value of every leaf of nested mappings."""
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check_minimum(config: Any, **bounds: float) -> None:
    """Check that each named field is at least its bound. Call this in ``__post_init__``.

    Raises:
        ConfigError: a field is below its bound; the error names the first one.
    """
    for name, bound in bounds.items():
        value = getattr(config, name)
        if not value >= bound:
            raise ConfigError(f"{name} is {value}, expected {bound} or more")


def check_above(config: Any, **bounds: float) -> None:
    """Check that each named field is greater than its bound. Call this in ``__post_init__``.

    Raises:
        ConfigError: a field is not; the error names the first one.
    """
    for name, bound in bounds.items():
        value = getattr(config, name)
        if not value > bound:
            raise ConfigError(f"{name} is {value}, expected a number above {bound}")


def check_share(config: Any, *names: str, below_one: bool = False) -> None:
    """Check that each named field is from 0 to 1, or below 1 with ``below_one``. Call this in ``__post_init__``.

    Raises:
        ConfigError: a field is not; the error names the first one.
    """
    for name in names:
        value = getattr(config, name)
        if not 0 <= value <= 1 or (below_one and value == 1):
            raise ConfigError(f"{name} is {value}, expected from 0 to {'below ' if below_one else ''}1")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _apply_overrides(mapping: dict[str, Any], overrides: Sequence[str], errors: list[str]) -> None:
    """Set the values of ``section.key=value`` strings; none may replace what another has set."""
    given: dict[str, str] = {}
    for override in overrides:
        key, separator, text = override.partition("=")
        names = [name.strip() for name in key.split(".")]
        name = ".".join(names)
        if not separator or not all(names):
            errors.append(f"--set {override!r} does not have the form section.key=value")
            continue
        replaced = next((other for other in given if other == name or other.startswith(f"{name}.")), None)
        if replaced is not None:
            what = f"{name} is given twice" if replaced == name else f"{name} replaces {replaced}, which is given too"
            errors.append(f"the command line: {what}: {given[replaced]} and {override}; keep one")
        given[name] = override
        _apply_override(mapping, names, text, override, errors)


def _apply_override(mapping: dict[str, Any], names: Sequence[str], text: str, override: str, errors: list[str]) -> None:
    *sections, last = names
    for section in sections:
        mapping = mapping.setdefault(section, {})
        if not isinstance(mapping, dict):
            errors.append(f"--set {override!r}: {section} is a value, not a section")
            return
    try:
        document = parse_yaml(text)
    except ConfigError:
        errors.append(f"--set {override!r}: the value is not YAML")
        return
    errors += [f"--set {override!r}: {sentence}" for sentence in document.repeated]
    mapping[last] = document.value


def _build(cls: Any, value: Any, where: str, errors: list[str]) -> Any:
    if not isinstance(value, Mapping):
        errors.append(f"{where or 'the file'}: found {value!r}, expected a section with keys")
        return None
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    arguments: dict[str, Any] = {}
    count = len(errors)
    for key, item in value.items():
        name = f"{where}.{key}" if where else str(key)
        if key not in fields:
            nearest = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else f"; known keys: {', '.join(fields)}"
            errors.append(f"{name}: unknown key{hint}")
        else:
            arguments[key] = _convert(hints[key], item, name, errors)
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in value:
            errors.append(f"{where + '.' if where else ''}{name}: missing, and it has no default")
    if len(errors) > count:
        return None
    try:
        return cls(**arguments)
    except ConfigError as error:  # from the checks in __post_init__
        fix = f"; {error.fix}" if error.fix else ""
        errors.append(f"{where + ': ' if where else ''}{error.message}{fix}")
        return None


def _convert(hint: Any, value: Any, where: str, errors: list[str]) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        if rows := _rows_by_kind(arguments):
            return _build_row(rows, value, where, errors)
        fewest: list[str] | None = None
        for option in arguments:
            if option is not type(None):
                trial: list[str] = []
                result = _convert(option, value, where, trial)
                if not trial:
                    return result
                fewest = trial if fewest is None or len(trial) < len(fewest) else fewest
        errors.extend(fewest or ())
        return None
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where, errors)
    if origin is typing.Literal:
        if value not in arguments:
            errors.append(f"{where}: found {value!r}, expected one of {', '.join(map(str, arguments))}")
        return value
    if origin in (tuple, list):
        if not isinstance(value, list | tuple):
            errors.append(f"{where}: found {value!r}, expected a list")
            return None
        items = [_convert(arguments[0], item, f"{where}[{index}]", errors) for index, item in enumerate(value)]
        return tuple(items) if origin is tuple else items
    return _convert_scalar(hint, value, where, errors)


def _rows_by_kind(options: Sequence[Any]) -> dict[str, Any]:
    """Return dataclasses by the one value of their field ``kind``; nothing if an option is not of this form."""
    rows = {}
    for option in options:
        kind = typing.get_type_hints(option).get("kind") if dataclasses.is_dataclass(option) else None
        if typing.get_origin(kind) is not typing.Literal:
            return {}
        rows[typing.get_args(kind)[0]] = option
    return rows


def _build_row(rows: Mapping[str, Any], value: Any, where: str, errors: list[str]) -> Any:
    """Build the dataclass that the value's ``kind`` names."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if isinstance(kind, str) and kind in rows:
        return _build(rows[kind], value, where, errors)
    if not isinstance(value, Mapping) or kind is None:
        errors.append(f"{where}: found {value!r}, expected a row such as {{kind: {next(iter(rows))}}}")
        return None
    nearest = difflib.get_close_matches(str(kind), rows, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known kinds: {', '.join(rows)}"
    errors.append(f"{where}.kind: found {kind!r}; {hint}")
    return None


def _convert_scalar(hint: Any, value: Any, where: str, errors: list[str]) -> Any:
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, str):
        try:  # YAML 1.1 reads 1e-6 as a string
            return float(value)
        except ValueError:
            pass
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is Any or (isinstance(value, hint) and not (hint in (int, float) and isinstance(value, bool))):
        return value
    errors.append(f"{where}: found {value!r}, expected {getattr(hint, '__name__', hint)}")
    return None
