"""The reference of configurations has every key, with a description."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import pytest

from blasr.config import flatten, to_mapping
from blasr.models.config import AcousticModelConfig
from blasr.pipeline.config import RunConfig
from docs.extensions.configuration_pages import FOLDER, configuration_pages, configurations, keys, owner, type_text

PAGES = configuration_pages()


@pytest.mark.parametrize("cls", configurations(), ids=lambda cls: cls.__name__)
def test_every_key_has_a_description(cls: type) -> None:
    assert [key.name for key in keys(cls)] == [field.name for field in dataclasses.fields(cls)]
    assert [key.name for key in keys(cls) if not key.description] == []
    page = PAGES[f"{FOLDER}/{owner(cls).replace('.', '-')}.md"]
    section = page.partition(f"## {cls.__name__}\n")[2].partition("\n## ")[0]
    assert all(f"| `{key.name}` |" in section for key in keys(cls))


def test_every_key_of_a_training_is_on_one_page() -> None:
    page = PAGES[f"{FOLDER}/keys-train.md"]
    config = RunConfig(Path("exp/x"), AcousticModelConfig("resnet22"))
    names = [name for name, _ in flatten(to_mapping(config))]
    assert len(names) > 90
    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_defaults_are_those_of_the_run() -> None:
    """A training on images has the paper's number of epochs, which is not the default of the section."""
    assert "| `training.epochs` | whole number | `110` |" in PAGES[f"{FOLDER}/keys-vision-train.md"]
    assert "| `training.epochs` | whole number | `16` |" in PAGES[f"{FOLDER}/keys-train.md"]
    assert "| `experiment` | path | required |" in PAGES[f"{FOLDER}/keys-train.md"]


def test_types_in_plain_words() -> None:
    assert type_text(tuple[float, ...]) == "list of number"
    assert type_text(Path | None) == "path or nothing"
    assert type_text(Literal["sgd", "adamw"]) == '"sgd" or "adamw"'
