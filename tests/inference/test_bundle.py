"""Bundles that were damaged, changed, or written by another blasr."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from blasr.errors import BlasrError, ConfigError, DataError, FormatError, MismatchError
from blasr.inference.bundle import FILES, Bundle, read_bundle_config
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def whole(system: System, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundles") / "bundle"
    make_bundle(Experiment.load(system.experiment), system.graph, out)
    return out


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_needed_and_compared(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(MismatchError, match=f"{name}: was changed"):
        Bundle.read(bundle)
    (bundle / name).write_bytes(content[:-1])
    with pytest.raises(DataError, match=f"{name}: has {len(content) - 1} bytes, .* {len(content)}"):
        Bundle.read(bundle)
    (bundle / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing"):
        Bundle.read(bundle)


def rewrite(bundle: Path, change: Callable[[dict[str, object]], object]) -> None:
    values = yaml.safe_load((bundle / "bundle.yaml").read_text())
    change(values)
    (bundle / "bundle.yaml").write_text(yaml.safe_dump(values))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda values: values.update(version=2, new_key=1), FormatError, "of version 2, this blasr .* version 1"),
        (lambda values: values.pop("version"), FormatError, "version None"),
        (lambda values: values.update(decodr={}), ConfigError, "did you mean decoder"),
        (lambda values: values.update(prior_scale=-1), ConfigError, "prior_scale"),
        (lambda values: values["setting"].update(lm_weight=0), ConfigError, "lm_weight 0"),
        (lambda values: values["files"].pop(), FormatError, "names the files"),
        (lambda values: values["files"][0].update(name="../x"), FormatError, "names the files"),
        (lambda values: values.update(num_pdfs=7), MismatchError, "weights of another model"),
    ],
)
def test_a_changed_manifest_is_refused(
    bundle: Path, change: Callable[[dict[str, object]], object], error: type[BlasrError], message: str
) -> None:
    rewrite(bundle, change)
    with pytest.raises(error, match=message):
        Bundle.read(bundle)


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "{", "version: [1]", "\x00"])
def test_no_manifest_at_all(bundle: Path, content: str) -> None:
    (bundle / "bundle.yaml").write_text(content)
    with pytest.raises(FormatError):
        read_bundle_config(bundle)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        Bundle.read(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"has no bundle\.yaml"):
        Bundle.read(tmp_path)
