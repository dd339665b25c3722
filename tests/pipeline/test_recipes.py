"""Copies of the recipes have everything that they use, and never overwrite anything."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError
from blasr.pipeline import recipes
from blasr.pipeline.recipes import copy_recipe, recipe_files, recipe_titles, source_folder

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.name for path in (ROOT / "recipes").iterdir() if (path / "run.sh").is_file())


def test_every_recipe_is_listed_with_a_description() -> None:
    titles = recipe_titles()
    assert {*NAMES, "kaldi"} == set(titles)
    assert titles["yesno"].startswith("the words YES and NO of one speaker")
    assert all(titles.values())


@pytest.mark.parametrize("name", [*NAMES, "kaldi"])
def test_a_copy_has_what_it_uses(name: str) -> None:
    files = recipe_files(name)
    assert all(path.is_file() for path in files.values())
    targets = {str(target) for target in files}
    assert "recipes/common/options.sh" in targets
    for target, path in files.items():
        text = path.read_text(encoding="utf-8") if target.suffix in (".py", ".sh") else ""
        for module in re.findall(r"^from (recipes[.\w]+) import|-m (recipes[.\w]+)", text, flags=re.MULTILINE):
            dotted = "/".join("".join(module).split("."))
            assert f"{dotted}.py" in targets or any(other.startswith(f"{dotted}/") for other in targets), module
        for config in re.findall(r"\$root/(conf/[\w/]+\.yaml)", text):
            assert config in targets


def test_a_copy_is_small_and_executable(tmp_path: Path) -> None:
    copied = copy_recipe("yesno", tmp_path)
    assert {path.name for path in (tmp_path / "recipes").iterdir()} == {"yesno", "common"}
    assert [path.name for path in (tmp_path / "conf").iterdir()] == ["yesno_bl_resnet22_a2b3.yaml"]
    assert os.access(copied.folder / "run.sh", os.X_OK)
    assert not os.access(copied.folder / "lexicon.txt", os.X_OK)


def test_recipes_share_a_folder_and_what_is_changed_stays(tmp_path: Path) -> None:
    assert copy_recipe("yesno", tmp_path).kept == 0
    again = copy_recipe("yesno", tmp_path)
    assert again.written == 0 and again.kept > 5
    (tmp_path / "recipes/common/options.sh").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match=r"options\.sh: exists with other content\n  fix: choose another folder"):
        copy_recipe("fsdd", tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_unknown_name_gets_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown recipe 'librispech'.*\n  fix: did you mean librispeech\?"):
        copy_recipe("librispech", tmp_path)
    with pytest.raises(ConfigError, match="unknown recipe 'common'"):
        copy_recipe("common", tmp_path)


def test_an_installed_package_is_preferred_to_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "PACKAGE", tmp_path / "site-packages" / "blasr")
    with pytest.raises(DataError, match="has no recipes"):
        source_folder()
    share = tmp_path / "site-packages" / "blasr" / "share"
    for folder in (share / "recipes/common", share / "conf"):
        folder.mkdir(parents=True)
    assert source_folder() == share
