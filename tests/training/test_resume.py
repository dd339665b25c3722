"""Which configuration a run may resume with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.errors import ConfigError
from blasr.training import RunIdentity, TrainingState, added_keys, checkpoint_config
from blasr.training.checkpoint import save_checkpoint
from blasr.training.resume import last_checkpoint
from tests.training.toy import toy_module

BEFORE = {"a": {"b": 1, "c": 2}, "d": 3}


def test_keys_that_match_a_pattern_may_change() -> None:
    now = {"a": {"b": 9, "c": 9}, "d": 4}
    assert RunIdentity(now, ("a.*",)).changes(BEFORE) == ["d: 3 -> 4"]
    assert RunIdentity(now, ("a.b",)).changes(BEFORE) == ["a.c: 2 -> 9", "d: 3 -> 4"]
    assert RunIdentity(BEFORE).changes(BEFORE) == []


def test_keys_on_one_side_only_are_changes() -> None:
    assert RunIdentity({"a": {"b": 1}, "e": 5}).changes({"a": {"b": 1}, "d": 3}) == ["d: 3 -> absent", "e: absent -> 5"]


def test_the_refusal_names_the_directory_and_every_key() -> None:
    with pytest.raises(ConfigError) as caught:
        RunIdentity({"a": {"b": 2, "c": 3}, "d": 3}).check(BEFORE, Path("exp/run"))
    assert caught.value.path == Path("exp/run")
    assert "a.b: 1 -> 2\n    a.c: 2 -> 3" in caught.value.message
    assert "another experiment directory" in str(caught.value.fix)


def test_the_configuration_of_the_last_checkpoint(tmp_path: Path) -> None:
    assert checkpoint_config(tmp_path) is None
    module = toy_module()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    save_checkpoint(last_checkpoint(tmp_path), module, optimizer, TrainingState(config=BEFORE))
    assert checkpoint_config(tmp_path) == BEFORE


def test_keys_that_an_older_run_lacks_may_have_their_defaults() -> None:
    before, defaults = {"a": 1, "s": {"x": 1}}, {"a": 0, "s": {"x": 1, "y": 2}, "b": None}
    assert added_keys(before, defaults, {"a": 1, "s": {"x": 1, "y": 2}, "b": None}) == ("s.y", "b")
    assert added_keys(before, defaults, {"a": 1, "s": {"x": 1, "y": 3}, "b": {"z": 1}}) == ()
    assert added_keys(None, defaults, defaults) == ()
