"""What the wheel and the repository say about the project agrees; ``.ci/wheel.sh`` builds and tries the wheel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import blasr
from blasr.cli.main import main

ROOT = Path(__file__).parents[1]


def test_the_changelog_and_the_citation_have_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.escape(blasr.__version__)
    assert re.search(rf"^## {version}\b|This becomes {version}", changelog, re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == blasr.__version__
    assert citation["cff-version"] == "1.2.0"


@pytest.mark.parametrize("path", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem)
def test_issue_templates_ask_for_doctor(path: Path) -> None:
    template = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.stem == "config":
        return
    fields = [field["id"] for field in template["body"]]
    assert "doctor" in fields and len(set(fields)) == len(fields)
    assert template["name"] and template["description"]


def test_the_version_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    version = re.escape(blasr.__version__)
    assert re.match(rf"blasr {version}( \(git [0-9a-f]{{7}}(, modified)?\))?$", capsys.readouterr().out)
