"""A part of a file as a stream of its own: a recording in an archive, or the samples after a header."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any


class FilePart(io.RawIOBase):
    """The bytes of a file from ``start`` on, read without those around them.

    Args:
        path: the file.
        start: the offset of the first byte.
        size: the number of bytes.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: str | Path, start: int, size: int) -> None:
        super().__init__()
        self._path = path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._start, self._size, self._position = start, size, 0

    def part(self, start: int, size: int) -> FilePart:
        """Return a part of this part, with a file descriptor of its own."""
        return FilePart(self._path, self._start + start, size)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset in the part; return the new position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position in the part."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, up to the end of the part; return the number of bytes."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._position)]
        count = os.preadv(self._file, [view], self._start + self._position) if len(view) else 0
        self._position += count
        return count

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._file)
        super().close()
