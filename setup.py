"""The one step of the build that ``pyproject.toml`` cannot express: the wheel also has the recipes and configurations.

They are at the top of the repository, where people look for them. The build copies them to ``blasr/share``, from where
``blasr init recipe`` takes them, so that git has each file once.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHARED = ("recipes", "conf")


class BuildWithRecipes(build_py):
    """Builds the package, and copies ``recipes`` and ``conf`` into it."""

    def run(self) -> None:
        """Build; an editable installation uses the folders of the checkout."""
        super().run()
        if not self.editable_mode:
            for source, target in self.shared_files().items():
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return the files of the package, with those that are copied."""
        return [*super().get_outputs(include_bytecode), *map(str, self.shared_files().values())]

    def shared_files(self) -> dict[Path, Path]:
        """Return for each file of the recipes and configurations its copy."""
        files = sorted(path for folder in SHARED for path in Path(folder).rglob("*") if path.is_file())
        share = Path(self.build_lib) / "blasr" / "share"
        return {path: share / path for path in files if "__pycache__" not in path.parts}


setup(cmdclass={"build_py": BuildWithRecipes})
