"""Configurations: all mistakes are reported at once, and the files in conf/ agree with the paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from blasr.config import flatten, load_config, parse_config, to_mapping, write_yaml
from blasr.errors import ConfigError
from blasr.models import TABLE3
from blasr.pipeline.config import RunConfig
from blasr.training import TrainingConfig, learning_rate

CONF = Path(__file__).parents[1] / "conf"


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    kind: Literal["a", "b"] = "a"
    values: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ConfigError(f"rate is {self.rate}, expected 0 or more")


@dataclass(frozen=True)
class Outer:
    name: str
    path: Path | None = None
    count: int = 1
    inner: Inner = field(default_factory=Inner)


def load(tmp_path: Path, text: str, *overrides: str) -> Outer:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return load_config(Outer, path, overrides)


def test_values_are_converted_to_the_types_of_the_fields(tmp_path: Path) -> None:
    config = load(tmp_path, "name: x\npath: a/b\ninner: {rate: 1e-6, values: [1, 2.5]}\n")
    assert config == Outer("x", Path("a/b"), 1, Inner(1e-6, "a", (1.0, 2.5)))


def test_unknown_keys_get_a_suggestion_and_all_errors_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "nam: x\ncount: many\ninner: {rat: 1, kind: c}\n")
    message = str(caught.value)
    assert "5 error(s)" in message
    assert "nam: unknown key; did you mean name?" in message
    assert "name: missing" in message
    assert "count: found 'many', expected int" in message
    assert "inner.rat: unknown key; did you mean rate?" in message
    assert "inner.kind: found 'c', expected one of a, b" in message


def test_overrides_replace_values_and_create_sections(tmp_path: Path) -> None:
    config = load(tmp_path, "name: x\n", "inner.rate=2", "count=7", "path=null")
    assert (config.inner.rate, config.count, config.path) == (2.0, 7, None)


@pytest.mark.parametrize("override", ["count", "=3", "name.deeper=1", "inner.values=[1"])
def test_bad_overrides_are_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        load(tmp_path, "name: x\n", override)


def test_repeated_keys_and_sections_are_reported_with_their_lines_and_all_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "name: x\ninner:\n  rate: 1\ncount: 2\ninner:\n  kind: b\n  kind: a\ncont: 3\n")
    message = str(caught.value)
    assert "3 error(s)" in message
    assert "inner: appears twice, on lines 2 and 5" in message
    assert "inner.kind: appears twice, on lines 6 and 7" in message
    assert "cont: unknown key; did you mean count?" in message


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("count=1", "count=2"), "count is given twice: count=1 and count=2"),
        (("inner.rate=1", "inner.rate =1"), "inner.rate is given twice"),
        (("inner.rate=1", "inner={kind: b}"), "inner replaces inner.rate, which is given too"),
        (("inner={kind: b, kind: a}",), "kind: appears twice"),
    ],
)
def test_an_override_that_would_be_lost_is_refused(tmp_path: Path, overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "name: x\n", *overrides)
    assert message in str(caught.value)


def test_an_override_may_change_one_key_of_a_section_that_another_set(tmp_path: Path) -> None:
    assert load(tmp_path, "name: x\n", "inner={kind: b}", "inner.rate=3").inner == Inner(3.0, "b", (1.0,))


def test_every_mistake_of_the_overrides_comes_with_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "nam: x\n", "count", "count=many")
    assert all(text in str(caught.value) for text in ("nam: unknown", "section.key=value", "found 'many'"))


@pytest.mark.parametrize("value", ["true", "1.5", "[1]", "null"])
def test_other_types_are_not_integers(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="count: found"):
        load(tmp_path, f"name: x\ncount: {value}\n")


def test_errors_of_a_dataclass_name_its_section(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"inner: rate is -1\.0"):
        load(tmp_path, "name: x\ninner: {rate: -1}\n")


def test_files_that_are_not_configurations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Outer, tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="contains a list"):
        load(tmp_path, "- 1\n")
    with pytest.raises(ConfigError, match=r"config\.yaml:2: is not YAML"):
        load(tmp_path, "name: x\n\tcount: 1\n")


def test_a_configuration_survives_conversion_to_a_mapping() -> None:
    config = Outer("x", Path("a"), 2, Inner(0.5, "b", (1.0, 2.0)))
    assert parse_config(Outer, to_mapping(config)) == config
    assert "rate: 0.5" in write_yaml(config)


@pytest.mark.parametrize("name", [*TABLE3, "sep_resnet22"])
def test_configurations_of_the_paper(name: str) -> None:
    config = load_config(RunConfig, CONF / f"{name}.yaml")
    assert (config.model.name, config.model.width, config.experiment.name) == (name, 1.0, name)
    assert (config.chunks.chunk_frames, config.chunks.batch_frames) == (1, 512)
    training = config.training
    assert (training.epochs, training.momentum, training.nesterov) == (16, 0.9, True)
    assert (training.weight_decay, training.gradient_clipping, training.precision) == (1e-6, 10.0, "float32")
    assert learning_rate(training, 9) == 0.03
    assert learning_rate(training, 11) == pytest.approx(0.015)
    assert (config.features.sample_rate, config.features.num_mel_bins) == (8000, 64)
    assert config.augmentation == RunConfig(config.experiment, config.model).augmentation


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_configuration_is_valid(path: Path) -> None:
    config = load_config(RunConfig, path)
    assert parse_config(RunConfig, to_mapping(config)) == config


def test_the_right_key_is_suggested_for_a_misspelled_one() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(RunConfig, CONF / "resnet22.yaml", ["training.learning_rat=1", "chunk.chunk_frames=1"])
    assert "training.learning_rat: unknown key; did you mean learning_rate?" in str(caught.value)
    assert "chunk: unknown key; did you mean chunks?" in str(caught.value)


def test_defaults_are_those_of_the_paper() -> None:
    assert TrainingConfig() == load_config(RunConfig, CONF / "resnet22.yaml").training


def test_leaves_have_dotted_keys() -> None:
    assert list(flatten({"a": {"b": 1, "c": 2}, "d": 3})) == [("a.b", 1), ("a.c", 2), ("d", 3)]
