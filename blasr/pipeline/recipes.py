"""The recipes that are installed with blasr, and copies of them with their configurations."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import blasr
from blasr.errors import ConfigError, DataError
from blasr.io.atomic import atomic_path

PACKAGE: Final = Path(blasr.__file__).resolve().parent
SHARED: Final = "common"
"""The folder of what all recipes use; it is no recipe."""

_RECIPE: Final = re.compile(r"\brecipes[./](\w+)|\$root/recipes/(\w+)|/\.\./(\w+)/")
_CONFIG: Final = re.compile(r"\bconf/((?:vision/)?)([\w$]+)")
_TEXT: Final = (".py", ".sh")


@dataclass(frozen=True)
class CopiedRecipe:
    """What :func:`copy_recipe` has done.

    Attributes:
        folder: the folder of the recipe in the copy.
        written: how many files were written.
        kept: how many files were there already, with the same content.
    """

    folder: Path
    written: int
    kept: int


def source_folder() -> Path:
    """Return the folder with ``recipes`` and ``conf``: part of the installed package, or the top of a checkout.

    Raises:
        DataError: there is neither.
    """
    for folder in (PACKAGE / "share", PACKAGE.parent):
        if (folder / "recipes" / SHARED).is_dir() and (folder / "conf").is_dir():
            return folder
    raise DataError("this installation has no recipes", path=PACKAGE / "share", fix="install blasr again from a wheel")


def recipe_titles() -> dict[str, str]:
    """Return the names of the recipes with the first line of their descriptions, sorted."""
    folders = sorted(path for path in (source_folder() / "recipes").iterdir() if path.is_dir())
    return {path.name: _title(path) for path in folders if path.name not in (SHARED, "__pycache__")}


def copy_recipe(name: str, out: Path) -> CopiedRecipe:
    """Copy a recipe, what it uses of other recipes, and the configurations that it names.

    The copy has the layout of a checkout (``out/recipes/NAME``, ``out/conf``), so that scripts and READMEs are
    unchanged. Files with the same content stay, so that several recipes can be copied into one folder.

    Args:
        name: a key of :func:`recipe_titles`.
        out: the folder that receives ``recipes`` and ``conf``.

    Raises:
        ConfigError: the name is unknown.
        DataError: a file exists with other content, or cannot be written. Nothing is written then.
    """
    titles = recipe_titles()
    if name not in titles:
        near = difflib.get_close_matches(name, titles, n=1, cutoff=0.5)
        raise ConfigError(
            f"unknown recipe {name!r}, expected one of {', '.join(titles)}",
            fix=f"did you mean {near[0]}?" if near else "blasr init recipe lists them",
        )
    files = recipe_files(name)
    different = [out / target for target, path in files.items() if _differs(out / target, path)]
    if different:
        others = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        raise DataError(f"exists with other content{others}", path=different[0], fix="choose another folder with --out")
    missing = {target: path for target, path in files.items() if not (out / target).exists()}
    for target, path in missing.items():
        with atomic_path(out / target) as temporary:
            shutil.copyfile(path, temporary)
            if path.read_bytes().startswith(b"#!"):
                temporary.chmod(temporary.stat().st_mode | 0o111)
    return CopiedRecipe(out / "recipes" / name, len(missing), len(files) - len(missing))


def recipe_files(name: str) -> Mapping[Path, Path]:
    """Return the files of a recipe's copy: for each path in the copy the file of the installation."""
    root = source_folder()
    names = _needed_recipes(root / "recipes", name)
    found = [path for needed in names for path in _files(root / "recipes" / needed)]
    found += _configs(root / "conf", [path for path in found if path.suffix in _TEXT])
    return {path.relative_to(root): path for path in sorted(found)}


def _needed_recipes(recipes: Path, name: str) -> list[str]:
    """Return the recipe and the recipes that its scripts and modules mention, and so on."""
    needed, waiting = [], [name]
    while waiting:
        current = waiting.pop()
        if current in needed:
            continue
        needed.append(current)
        for path in _files(recipes / current):
            if path.suffix in _TEXT:
                mentions = _RECIPE.findall(path.read_text(encoding="utf-8"))
                waiting += [word for groups in mentions for word in groups if word and (recipes / word).is_dir()]
    return sorted(needed)


def _configs(conf: Path, texts: list[Path]) -> Iterator[Path]:
    """Yield the configurations that the texts name; all of a folder if a name has a variable of the shell."""
    wanted: set[Path] = set()
    for text in texts:
        for folder, stem in _CONFIG.findall(text.read_text(encoding="utf-8")):
            pattern = "*.yaml" if "$" in stem else f"{stem}.yaml"
            wanted.update((conf / folder).glob(pattern))
    yield from sorted(wanted)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path


def _differs(target: Path, path: Path) -> bool:
    return target.exists() and (not target.is_file() or target.read_bytes() != path.read_bytes())


def _title(folder: Path) -> str:
    """Return the first sentence of the comment of ``run.sh``, or the heading of the README."""
    script, readme = folder / "run.sh", folder / "README.md"
    if script.is_file():
        comment = []
        for line in script.read_text(encoding="utf-8").splitlines()[1:]:
            if not line.startswith("# "):
                break
            comment.append(line.removeprefix("# "))
        return re.split(r"(?<=\.)\s", " ".join(comment), maxsplit=1)[0].removeprefix(f"{folder.name}: ")
    return readme.read_text(encoding="utf-8").splitlines()[0].lstrip("# ") if readme.is_file() else ""
