"""The manifest of an exported network."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import FormatError, MismatchError
from blasr.inference import exported_model, read_export_manifest, write_export_manifest


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    assert exported_model(tmp_path) is None
    (tmp_path / "model.onnx").write_bytes(b"network")
    (tmp_path / "tree").write_bytes(b"tree")
    write_export_manifest(tmp_path, {"format": "onnx"}, ["model.onnx", "tree"])
    assert exported_model(tmp_path) == tmp_path / "model.onnx"
    assert read_export_manifest(tmp_path)["files"]["tree"]["bytes"] == 4
    (tmp_path / "tree").write_bytes(b"free")
    with pytest.raises(MismatchError, match="tree: was changed"):
        read_export_manifest(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "exported network"}'])
def test_other_files_are_no_manifests(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(FormatError, match="is not "):
        read_export_manifest(tmp_path)


def test_the_folder_of_a_training_run_is_no_export(tmp_path: Path) -> None:
    for name in ("final.safetensors", "model.onnx"):
        (tmp_path / name).write_bytes(b"")
    assert exported_model(tmp_path) is None
