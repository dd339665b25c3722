"""An output folder that is locked while it is written, and removed after an error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blasr.io.folder_lock import locked_folder


@contextmanager
def output_folder(out: Path) -> Iterator[None]:
    """Make the folder ``out`` if needed, and lock it; remove it after an error, unless it existed before.

    Raises:
        DataError: another process writes the folder.
    """
    existed = out.exists()
    with locked_folder(out):
        try:
            yield
        except BaseException:
            if not existed:
                shutil.rmtree(out, ignore_errors=True)
            raise
