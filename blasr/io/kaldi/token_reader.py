"""The base class of the readers of Kaldi's binary and text forms: it reads tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod

from blasr.errors import FormatError

_SHOWN_CHARACTERS = 80  # of a token in an error


class TokenReader(ABC):
    """A reader of tokens, which end at white space in both of Kaldi's forms."""

    @abstractmethod
    def try_token(self) -> str | None:
        """Read the next token; None at the end of the input."""

    @abstractmethod
    def error(self, message: str, *, fix: str | None = None) -> FormatError:
        """The error to raise for what was found at the current position."""

    def token(self, what: str = "a token") -> str:
        """Read the next token. ``what`` says in an error what was expected."""
        token = self.try_token()
        if token is None:
            raise self.error(f"truncated: expected {what}, found the end of the file")
        return token

    def expect(self, *expected: str) -> str:
        """Read the next token, which must be one of ``expected``."""
        token = self.token(" or ".join(expected))
        if token not in expected:
            raise self.error(f"expected {' or '.join(expected)}, found {token[:_SHOWN_CHARACTERS]!r}")
        return token
