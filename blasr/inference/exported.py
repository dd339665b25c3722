"""``manifest.json`` of an exported network: what it was made from, how equal it is, and a hash of every file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from blasr import __version__
from blasr.errors import DataError, FormatError, MismatchError
from blasr.inference.manifest import MANIFEST_NAME, file_entry

EXPORT_VERSION: Final = 1
"""The version of the layout; exports of another version are refused."""
EXPORT_KIND: Final = "exported network"
EXPORTED_FILES: Final = ("model.onnx", "model.ts", "model.pt2")
"""The names of exported models; only the first is run by blasr."""
_AGAIN: Final = "export it again (blasr export)"


def exported_model(folder: Path) -> Path | None:
    """Return the model in the folder of an exported network; None for the folder of a training run."""
    if (folder / "final.safetensors").is_file():
        return None
    return next((folder / name for name in EXPORTED_FILES if (folder / name).is_file()), None)


def write_export_manifest(folder: Path, values: Mapping[str, Any], files: Iterable[str]) -> None:
    """Write the manifest of a folder whose files are complete."""
    content = {
        "kind": EXPORT_KIND,
        "version": EXPORT_VERSION,
        "blasr": __version__,
        **values,
        "files": {
            name: {"bytes": (folder / name).stat().st_size, "sha256": file_entry(folder / name)["sha256"]}
            for name in files
        },
    }
    (folder / MANIFEST_NAME).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_export_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of an exported network, and compare every file with it.

    Raises:
        DataError: the manifest or one of the files is missing.
        FormatError: it is not the manifest of an exported network, or of another version.
        MismatchError: a file has changed.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        message = f"has an exported model but no {MANIFEST_NAME}, so its origin is not known"
        raise DataError(message, path=folder, fix=f"copy the whole folder, or {_AGAIN}")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"is not a manifest: {error}", path=path, fix=_AGAIN) from None
    if not isinstance(values, dict) or values.get("kind") != EXPORT_KIND or not isinstance(values.get("files"), dict):
        raise FormatError("is not the manifest of an exported network", path=path, fix=_AGAIN)
    if values.get("version") != EXPORT_VERSION:
        message = f"has version {values.get('version')}, this blasr ({__version__}) reads version {EXPORT_VERSION}"
        fix = f"{_AGAIN} with this blasr, or install the blasr that wrote it ({values.get('blasr', 'unknown')})"
        raise FormatError(message, path=path, fix=fix)
    for name, entry in values["files"].items():
        _check_file(folder / name, str(entry["sha256"]))
    return values


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise DataError("is missing", path=path, fix=f"copy the whole folder again, or {_AGAIN}")
    found = file_entry(path)["sha256"]
    if found != expected:
        message = f"was changed (SHA-256 {expected[:12]} when it was exported, {found[:12]} now)"
        raise MismatchError(message, path=path, fix=f"copy the whole folder again, or {_AGAIN}")
