"""Every key of a configuration that a page names exists."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from blasr.align.config import FlatStartConfig, RealignConfig
from blasr.pipeline.config import RunConfig
from blasr.pipeline.vision.config import VisionRunConfig
from tests.docs.blocks import ROOT, pages

CONFIGURATIONS = (RunConfig, VisionRunConfig, FlatStartConfig, RealignConfig)
FILES = {"json", "vec", "onnx", "ts", "pt2", "mdl", "py"}
"""Endings of file names that look like keys: ``priors.vec``, ``model.onnx``."""


def sections_of(cls: type, prefix: str = "") -> Iterator[str]:
    """Yield ``section.key`` for every key of a configuration, and the sections themselves."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        yield prefix + field.name
        for hint in (hints[field.name], *typing.get_args(hints[field.name])):
            if isinstance(hint, type) and dataclasses.is_dataclass(hint):
                yield from sections_of(hint, f"{prefix}{field.name}.")


KEYS = {key for cls in CONFIGURATIONS for key in sections_of(cls)}
SECTIONS = {key for key in KEYS if any(other.startswith(f"{key}.") for other in KEYS)}


def unknown_keys(text: str) -> list[str]:
    """Return the keys in code and after --set that no configuration has."""
    named = re.findall(r"(?:`|--set ['\"]?|[\" ])([a-z_]+(?:\.[a-z_0-9]+)+)(?==|:|`)", text)
    return sorted(
        {
            key
            for key in named
            if key.split(".")[0] in SECTIONS and key.rsplit(".", 1)[1] not in FILES and key not in KEYS
        }
    )


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_keys_exist(page: Path) -> None:
    assert unknown_keys(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["`training.epoch`", "--set chunks.frames=3", '--set "model.width=1 model.depth=2"', "`sequence.leek: 1`"]
)
def test_a_key_that_does_not_exist_is_found(text: str) -> None:
    assert len(unknown_keys(text)) == 1


def test_the_keys_of_the_paper_are_known() -> None:
    assert {"training.schedule.decay", "features.online_cmvn.cmn_window", "triphone.num_leaves"} <= KEYS
