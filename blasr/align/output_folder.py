"""An output folder that is locked while it is written, and removed after an error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blasr.errors import DataError
from blasr.io.folder_lock import locked_folder
from blasr.io.kaldi.alignments import numbered_archives


@contextmanager
def output_folder(out: Path) -> Iterator[None]:
    """Make the folder ``out`` if needed, and lock it; remove it after an error, unless it existed before.

    Raises:
        DataError: another process writes the folder, or it has alignments that ``ali.1.gz`` would not replace.
    """
    existed = out.exists()
    with locked_folder(out):
        if others := [path.name for path in numbered_archives(out) if path.name != "ali.1.gz"]:
            raise DataError(
                f"has the alignments {', '.join(others[:3])}, which would be read together with the new ali.1.gz",
                path=out,
                fix="name another folder with --out",
            )
        try:
            yield
        except BaseException:
            if not existed:
                shutil.rmtree(out, ignore_errors=True)
            raise
