"""Outputs and inputs that share files, folders or links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blasr.errors import ConfigError
from blasr.io.input_safety import ALL, Input, Output, check_inputs_survive


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "text").write_text("content")
    return folder


def refused(output: Output, *inputs: Input) -> str:
    with pytest.raises(ConfigError) as caught:
        check_inputs_survive([output], inputs)
    return caught.value.message


def test_a_file_is_compared_after_resolving_links(source: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to(source)
    os.link(source / "text", tmp_path / "hard")
    for path in (source / "text", tmp_path / "folder" / "text", source / ".." / "source" / "text", tmp_path / "hard"):
        assert "is the same as" in refused(Output("--out", path), Input("--text", source / "text"))
    check_inputs_survive([Output("--out", source / "other")], [Input("--text", source / "text")])


def test_a_folder_of_the_input_alone(source: Path, tmp_path: Path) -> None:
    data = Input("--data", source)
    assert "is the same as" in refused(Output("--out", source, ("text",)), data)
    assert "contains" in refused(Output("--out", tmp_path, ("text",)), data)
    assert "lies inside" in refused(Output("--out", source / "new" / "newer", ("text",)), data)
    assert "lies inside" in refused(Output("--out", source / "new"), data)
    check_inputs_survive([Output("--out", tmp_path / "source2", ALL)], [data])


def test_a_folder_that_other_commands_share(source: Path, tmp_path: Path) -> None:
    shared = Input("--gmm", source, ("text", "ali.*"))
    check_inputs_survive([Output("--out", source / "graph", ALL), Output("--json", source / "a.json")], [shared])
    assert "would overwrite a file of" in refused(Output("--out", source / "text"), shared)
    assert "is the same as" in refused(Output("--out", source, ("graph",)), shared)
    check_inputs_survive([Output("--out", source, ("graph",), joins=True)], [shared])
    check_inputs_survive([Output("--out", tmp_path, ("graph",), joins=True)], [shared])
    assert "would overwrite" in refused(Output("--out", source, ("te*",), joins=True), shared)


def test_a_file_in_the_folder_that_is_written(source: Path) -> None:
    text = Input("--text", source / "text")
    check_inputs_survive([Output("--out", source, ("other",))], [text])
    assert "would overwrite" in refused(Output("--out", source, ("t*",)), text)
    assert "would overwrite" in refused(Output("--out", source, ALL), text)
    assert "would overwrite" in refused(Output("--out", source.parent, ALL), text)


def test_links_in_the_folder_that_is_written(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "text").symlink_to(source / "text")
    assert "has a link into" in refused(Output("--out", out, ("text",)), Input("--data", source))
    assert "would overwrite" in refused(Output("--out", out, ("text",)), Input("--text", source / "text"))
    check_inputs_survive([Output("--out", out, ("other",)), Output("--all", out, ALL)], [Input("--data", source)])


def test_two_outputs_and_special_files(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--html and --json are both"):
        check_inputs_survive([Output("--json", tmp_path / "a"), Output("--html", tmp_path / "x" / ".." / "a")], [])
    null = Path(os.devnull)
    check_inputs_survive([Output("--out", null), Output("--json", null)], [Input("--text", null)])
    check_inputs_survive([Output("--out", tmp_path / "absent")], [Input("--text", tmp_path / "absent")])
