"""Writing Kaldi's tables: archives, the scripts that point into them, and single files (``util/kaldi-table``)."""

from __future__ import annotations

import io
import logging
import os
from contextlib import ExitStack
from typing import IO, Any, Generic, Self, TypeVar

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BINARY_HEADER, BinaryWriter
from blasr.io.kaldi.extended_filenames import open_output
from blasr.io.kaldi.holders import MATRIX, Holder
from blasr.io.kaldi.script_files import read_script
from blasr.io.kaldi.specifiers import Specifier, Wspecifier
from blasr.io.kaldi.text_streams import TextWriter
from blasr.units import AnyArray

logger = logging.getLogger(__name__)

T = TypeVar("T")


class TableWriter(Generic[T]):
    """A context manager that writes one table. Its files appear, complete, when the block ends without an error.

    ``len()`` is the number of values written.

    Args:
        specifier: a wspecifier, such as ``ark,scp:A.ark,A.scp``, ``ark,t:-`` or ``ark:A.gz``, or an archive's path.
        holder: the kind of the values.
        allow_pipes: run a command in place of a file.

    Raises:
        FormatError: the specifier is not valid, or is a command that is not allowed.
        DataError: a script would point into a compressed archive, a command or the standard output.
    """

    def __init__(self, specifier: Specifier | Wspecifier, holder: Holder[T], *, allow_pipes: bool = False) -> None:
        self.names = specifier if isinstance(specifier, Wspecifier) else Wspecifier.parse(specifier)
        self._holder = holder
        self._allow_pipes = allow_pipes
        self._stack = ExitStack()
        self._written: set[str] = set()
        self._archive: IO[bytes] | None = None
        self._script: Any = None
        self._files_of_keys: dict[str, str] = {}
        ark = self.names.ark
        if ark is not None and self.names.scp is not None and (ark in ("", "-") or ark.endswith(".gz") or "|" in ark):
            fix = "name a plain archive that ends in .ark"
            raise DataError("a script cannot point into this archive", path=ark, fix=fix)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self.names.ark is not None:
                if self.names.scp is not None:
                    self._script = stack.enter_context(open_output(self.names.scp))
                # The archive is renamed before the script, because contexts are left in reverse order.
                self._archive = stack.enter_context(open_output(self.names.ark, allow_pipes=self._allow_pipes))
            elif self.names.scp is not None:
                self._files_of_keys = {key: name for key, name, _ in read_script(self.names.scp)}
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stack.__exit__(*exception)

    def __len__(self) -> int:
        return len(self._written)

    def write(self, key: str, value: T) -> None:
        """Write a value.

        Raises:
            DataError: the key is not valid, was written before, or has no file in the script.
        """
        if key in self._written:
            raise DataError("the utterance is written a second time", path=self._path, utterance=key)
        if self._archive is None:
            if key not in self._files_of_keys:
                if not self.names.permissive:
                    raise DataError("the script has no file for it", path=self._path, utterance=key)
                logger.warning("%s: skipping utterance %s, for which the script has no file", self._path, key)
                return
            with open_output(self._files_of_keys[key], allow_pipes=self._allow_pipes) as stream:
                self._write_value(stream, value, key)
        else:
            self._archive.write(_encode_key(key, self._path))
            if self._script is not None:
                self._script.write(f"{key} {self.names.ark}:{self._archive.tell()}\n".encode())
            self._write_value(self._archive, value, key)
            if self.names.flush:
                self._archive.flush()
        self._written.add(key)

    @property
    def _path(self) -> str:
        return self.names.ark if self.names.ark is not None else str(self.names.scp)

    def _write_value(self, stream: IO[bytes], value: T, key: str) -> None:
        try:
            _write_value(stream, self._holder, value, binary=self.names.binary)
        except DataError as error:
            raise error.at(path=self._path, utterance=key) from None


def write_value(name: str, holder: Holder[T], value: T, *, binary: bool = True, allow_pipes: bool = False) -> None:
    """Write a file of one value, such as ``global_cmvn.stats``; ``-`` is the standard output.

    Raises:
        FormatError: the name is a command that is not allowed.
        DataError: the value cannot be written.
    """
    with open_output(name, allow_pipes=allow_pipes) as stream:
        _write_value(stream, holder, value, binary=binary)


def _write_value(stream: IO[bytes], holder: Holder[T], value: T, *, binary: bool) -> None:
    if holder.write_binary is None or not binary:
        text = io.StringIO()
        holder.write(TextWriter(text), value)
        stream.write(text.getvalue().encode())
        return
    if holder.has_header:
        stream.write(BINARY_HEADER)
    holder.write(BinaryWriter(stream), value)


class MatrixWriter(TableWriter[AnyArray]):
    """Writes matrices as 32-bit floats to a binary archive and, optionally, a script that points into it.

    Args:
        ark: the archive; it must not be gzipped, because the script has offsets in it.
        scp: the script.
    """

    def __init__(self, ark: Specifier, scp: Specifier | None = None) -> None:
        self.ark = ark
        self.scp = scp
        if os.fspath(ark).endswith(".gz"):
            raise DataError("an archive of matrices must not be gzipped", path=ark, fix="end its name in .ark")
        super().__init__(Wspecifier(os.fspath(ark), None if scp is None else os.fspath(scp)), MATRIX)


def _encode_key(key: str, path: Specifier) -> bytes:
    """The key and the space after it, as an archive has them; :class:`DataError` if it is not valid."""
    if key.split() != [key]:
        raise DataError(f"{key!r} is not an utterance-id: it is empty or contains white space", path=path)
    return f"{key} ".encode()
