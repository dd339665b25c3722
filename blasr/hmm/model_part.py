"""The base class of topology, tree, transition model and mixtures. Each can be a part of a larger Kaldi file."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Self

from blasr.errors import DataError, MismatchError
from blasr.io.kaldi.model_stream import Reader, Writer, open_reader, open_writer


class ModelPart(ABC):
    """An object that Kaldi stores alone in a file or as a part of a model file, in binary or text form."""

    BINARY: ClassVar[bool] = True
    """Whether a file with this object alone is binary by default."""

    @classmethod
    @abstractmethod
    def read_from(cls, reader: Reader) -> Self:
        """Read the object at the reader's position; :class:`FormatError` if there is none."""

    @abstractmethod
    def write_to(self, writer: Writer) -> None:
        """Write the object at the writer's position, byte for byte as Kaldi does."""

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file, binary or text. Anything after the object is ignored.

        Raises:
            FormatError: the file is truncated, corrupt or of another kind.
        """
        with open_reader(path) as reader:
            return cls.read_from(reader)

    def write(self, path: str | os.PathLike[str], *, binary: bool | None = None) -> None:
        """Write a file that holds this object only, byte for byte as Kaldi does.

        Args:
            path: the file; it is replaced as a whole.
            binary: whether to write the binary form; by default the form that Kaldi's scripts use.
        """
        with open_writer(path, binary=self.BINARY if binary is None else binary) as writer:
            self.write_to(writer)


@contextmanager
def checked_at(reader: Reader) -> Iterator[None]:
    """Turn a :class:`DataError` or :class:`MismatchError` of values just read into a :class:`FormatError`.

    The error names the file and the reader's position in it.
    """
    try:
        yield
    except (DataError, MismatchError) as error:
        raise reader.error(error.message) from None
