"""What the files of an experiment folder say about it: configuration, inputs, environment and results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from blasr.config import flatten
from blasr.errors import ConfigError, DataError, FormatError
from blasr.pipeline.runs.curves import METRICS_FILE
from blasr.pipeline.runs.record_file import RECORD_FILE, read_record
from blasr.pipeline.tuned_setting import SETTING_FILE
from blasr.yaml_text import read_yaml

CONFIG_FILE: Final = "config.yaml"
OLD_VERSIONS_FILE: Final = "versions.json"
"""What blasr wrote before it wrote ``run.json``."""

NOT_RESULTS: Final = frozenset({SETTING_FILE, RECORD_FILE, OLD_VERSIONS_FILE, "priors.json", "manifest.json"})
DETAILS: Final = frozenset({"speakers", "sides", "oracle"})
"""Parts of a report of ``blasr score`` that are not a result of the whole set."""


@dataclass(frozen=True)
class RunFacts:
    """What is known about one run, as flat mappings with keys such as ``training.seed``.

    Attributes:
        directory: the experiment directory.
        config: the resolved configuration, without the name of the directory.
        inputs: the data and its fingerprints.
        environment: versions, git commit and host of the last start.
        results: the tuned setting, and the error rates in the directory.
    """

    directory: Path
    config: Mapping[str, Any]
    inputs: Mapping[str, Any]
    environment: Mapping[str, Any]
    results: Mapping[str, Any]

    @classmethod
    def read(cls, directory: Path) -> RunFacts:
        """Read an experiment directory; what an older blasr did not write is absent.

        Raises:
            DataError: it is not the directory of a training run.
            FormatError: one of its files cannot be read.
        """
        if not any((directory / name).is_file() for name in (CONFIG_FILE, RECORD_FILE, METRICS_FILE)):
            found = "is not the directory of a training run" if directory.is_dir() else "no such folder"
            fix = "name the directory that `blasr train` or `blasr vision train` writes"
            raise DataError(found, path=directory, fix=fix)
        path = directory / RECORD_FILE
        record = read_record(path) if path.is_file() else {}
        inputs = dict(flatten(record["inputs"])) if "inputs" in record else dict(_label_indexes(directory))
        return cls(directory, read_config(directory), inputs, dict(_environment(directory, record)), results(directory))


def read_config(directory: Path) -> dict[str, Any]:
    """Return the configuration of a run as a flat mapping, without the name of its directory; empty if it is absent.

    Raises:
        FormatError: the file is not a configuration.
    """
    path = directory / CONFIG_FILE
    if not path.is_file():
        return {}
    try:
        value = read_yaml(path).value
    except ConfigError as error:
        raise FormatError(error.message, path=path, line=error.line) from None
    if not isinstance(value, dict):
        raise FormatError("is not a configuration: expected sections of keys", path=path)
    return {key: item for key, item in flatten(value) if key != "experiment"}


def differing(mappings: list[Mapping[str, Any]]) -> list[str]:
    """Return the keys for which not all mappings have the same value, in the order of the first with each key."""
    keys = dict.fromkeys(key for mapping in mappings for key in mapping)
    return [key for key in keys if any(_value(mapping, key) != _value(mappings[0], key) for mapping in mappings)]


def _value(mapping: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    return key in mapping, mapping.get(key)


def _label_indexes(directory: Path) -> Iterator[tuple[str, Any]]:
    """Yield what the indexes of the labels say, for runs without a record."""
    for path in sorted(directory.glob("labels/*/index.json")):
        index = _read_object(path)
        for key in ("utterances", "frames", "fingerprint"):
            if key in index:
                yield f"{path.parent.name}.labels.{key}", index[key]


def _environment(directory: Path, record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if not record:
        path = directory / OLD_VERSIONS_FILE
        if path.is_file():
            yield from flatten(_read_object(path))
        return
    last = record["starts"][-1] if record["starts"] else {}
    yield from flatten(last.get("versions") or {})
    git = last.get("git") or {}
    if "commit" in git:
        changed = git.get("changed_files") or []
        yield "git commit", git["commit"][:12] + (f" and {len(changed)} changed files" if changed else "")
    for key, value in (last.get("host") or {}).items():
        yield f"host {key}", value


def results(directory: Path) -> dict[str, Any]:
    """Return the tuned setting and the error rates of an experiment directory and the folders in it.

    These are the reports of ``blasr score --json`` (``wer``), and the best of Kaldi's ``wer_*`` files in each folder.
    """
    found: dict[str, Any] = {}
    path = directory / SETTING_FILE
    if path.is_file():
        for key, value in flatten(_read_object(path)):
            if key in ("checkpoint", "prior_scale", "lm_weight", "word_insertion_penalty", "tuned_on.wer"):
                found[f"setting: {key.removeprefix('tuned_on.')}"] = value
    for path in sorted((*directory.glob("*.json"), *directory.glob("*/*.json"))):
        if path.name not in NOT_RESULTS:
            found |= _report_rates(path, str(path.relative_to(directory)))
    for folder in sorted({path.parent for path in directory.glob("*/wer_*")}):
        rates = [rate for path in folder.glob("wer_*") for rate in _kaldi_rates(path)]
        if rates:
            found[f"{folder.relative_to(directory)}/wer_*: best WER %"] = min(rates)
    return found


def _report_rates(path: Path, name: str) -> dict[str, float]:
    """Return the error rates in one JSON file, none if it is not a report of error rates."""
    try:
        report = _read_object(path)
    except FormatError:
        return {}
    parts = {"": report, **{f" {key}": part for key, part in report.items() if key not in DETAILS}}
    return {
        f"{name}:{part} WER %": values["wer"]
        for part, values in parts.items()
        if isinstance(values, dict) and isinstance(values.get("wer"), int | float)
    }


def _kaldi_rates(path: Path) -> list[float]:
    if not path.is_file():
        return []
    return [float(rate) for rate in re.findall(r"^%WER (\d+\.\d+)", path.read_text(errors="replace"), re.MULTILINE)]


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"is not JSON: {error}", path=path) from None
    if not isinstance(value, dict):
        raise FormatError("is not a JSON object", path=path)
    return value
