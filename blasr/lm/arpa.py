"""Reading and writing ARPA language models in blocks of lines, so that millions of n-grams need little memory.

The format is described in SRILM's ngram-format(5). Reading follows Kaldi's ``arpa-file-parser.cc`` and
``arpa-lm-compiler.cc``: text before ``\\data\\`` is skipped, the numbers of n-grams must be those that the header
announces, and n-grams that no sentence can reach are left out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from blasr.errors import FormatError
from blasr.io.atomic import atomic_open
from blasr.io.symbols import RESERVED_FIX, describe_reserved, is_reserved
from blasr.io.text_lines import read_blocks
from blasr.lm.backoff_model import BEGIN, END, MISSING, NEVER, BackoffModel, Floats, Level, Nodes, model_from_levels
from blasr.units import IntArray

logger: Final = logging.getLogger(__name__)
_NUM_NAMED: Final = 3  # lines in a warning
_ROUNDING: Final = 0.01  # a logarithm may be this far above 0
_COUNT: Final = re.compile(rb"ngram\s+(\d+)\s*=\s*(\d+)")
_NOT_AN_NGRAM: Final = frozenset({b"\\", b"", b" ", b"\t"})  # first bytes of other and of indented lines
_SECTION: Final = re.compile(rb"\\(\d+)-grams:")


def read_arpa(path: str | PathLike[str]) -> BackoffModel:
    """Read the model of an ARPA file, plain or gzipped.

    N-grams are left out, and counted in a warning, if their context is not listed, or if ``<s>`` comes after or
    ``</s>`` before another word.

    Raises:
        FormatError: the file is not an ARPA model, or has a reserved word such as ``#0``; names the line.
    """
    return _ArpaReader(path).model()


class _ArpaReader:
    """Reads the sections of one file; ``line`` is the number of the line that was read last."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = path
        self.line = 0
        self.blocks = read_blocks(path, fix="give the path of an ARPA language model")
        self.rows: list[bytes] = []  # of the current block
        self.next_row = 0
        self.words: list[str] = []
        self.ids: dict[bytes, int] = {}
        self.keys: list[Nodes] = []  # by order from 1: parent * vocabulary size + word
        self.bases = [1]  # by order from 1: the first node
        self.misplaced = _SkippedLines()
        self.orphans = _SkippedLines()

    def model(self) -> BackoffModel:
        counts = self.counts()
        levels = []
        for order, count in enumerate(counts, start=1):
            section = _SECTION.fullmatch(row := self.row())
            if section is None or int(section[1]) != order:
                self.fail(f"expected \\{order}-grams:, found {_shown(row)}")
            levels.append(self.section(order, count, is_last=order == len(counts)))
            if order == 1 and not set(self.ids) - {BEGIN.encode(), END.encode()}:
                raise FormatError("not an ARPA language model: it has no words in a \\1-grams: section", path=self.path)
        if (row := self.row()) != b"\\end\\":
            self.fail(f"expected \\end\\, found {_shown(row)}")
        for skipped, reason in (
            (
                self.misplaced,
                f"{BEGIN} does not come first, or {END} not last (invalid BOS/EOS placement)",
            ),
            (self.orphans, "their context is not listed (no parent n-gram)"),
        ):
            if skipped.count:
                lines = f"line{'s' if skipped.count > 1 else ''} {skipped}"
                logger.warning("%s: skipped %d n-gram(s): %s, on %s", self.path, skipped.count, reason, lines)
        return model_from_levels(self.words, levels)

    def counts(self) -> list[int]:
        while (row := self.row()) != b"\\data\\":
            if not row:
                raise FormatError("not an ARPA language model: it has no \\data\\ section", path=self.path)
        counts: list[int] = []
        while found := _COUNT.fullmatch(row := self.row()):
            if int(found[1]) != len(counts) + 1:
                self.fail(f"expected the number of {len(counts) + 1}-grams, found {_shown(row)}")
            counts.append(int(found[2]))
        self.unread(row)
        if not counts:
            self.fail(f"expected 'ngram 1=NUMBER', found {_shown(row)}")
        return counts

    def section(self, order: int, count: int, *, is_last: bool) -> Level:
        start, found = self.line, 0
        parts: list[Level] = []
        for rows in self.section_rows():
            found += len(rows)
            columns, log_prob, backoff = self.parse(rows, order, is_last)
            parent, word, reachable = self.locate(columns, order)
            parts.append((parent[reachable], word[reachable], log_prob[reachable], backoff[reachable]))
        if found != count:
            line, self.line = self.line, start
            self.fail(f"{count} {order}-grams are announced, but {found} were found up to line {line}")
        if not parts:
            parts = [(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0), np.zeros(0))]
        parent, word, log_prob, backoff = (np.concatenate(part) for part in zip(*parts, strict=True))
        del parts
        keys = parent * len(self.words) + word
        if (np.diff(keys) <= 0).any():
            places = np.argsort(keys, kind="stable")
            keys, parent, word = keys[places], parent[places], word[places]
            log_prob, backoff = log_prob[places], backoff[places]
            if len(repeated := np.flatnonzero(np.diff(keys) == 0)):
                last = self.words[int(word[repeated[0]])]
                self.line = start
                self.fail(f"{len(repeated)} of these {order}-grams appear twice, one of them ends in {last!r}")
        self.keys.append(keys)
        self.bases.append(self.bases[-1] + len(keys))
        return parent, word, log_prob, backoff

    def parse(self, rows: list[bytes], order: int, is_last: bool) -> tuple[IntArray, Floats, Floats]:
        """Return the word ids (n-grams, order), the log10 probabilities and the log10 backoffs of lines of n-grams."""
        fields = [row.split() for row in rows]
        lengths = set(map(len, fields))
        if not lengths <= ({order + 1} if is_last else {order + 1, order + 2}):
            self.raise_first_mistake(fields, order, is_last)
        if order == 1:
            self.add_words(fields)
        ids = self.ids
        try:
            flat = [ids[word] for row in fields for word in row[1 : order + 1]]
            log_probs = np.array([row[0] for row in fields]).astype(np.float64)
            backoffs = np.zeros(len(fields))
            if order + 2 in lengths:
                written = np.array([len(row) for row in fields]) == order + 2
                backoffs[written] = np.array([row[-1] for row in fields if len(row) == order + 2]).astype(np.float64)
        except (KeyError, ValueError):
            self.raise_first_mistake(fields, order, is_last)
        np.maximum(log_probs, NEVER, out=log_probs)  # -inf
        np.maximum(backoffs, NEVER, out=backoffs)
        if not (log_probs <= _ROUNDING).all() or not np.isfinite(backoffs).all():  # or not a number
            self.raise_first_mistake(fields, order, is_last)
        return np.array(flat, dtype=np.int32).reshape(-1, order), log_probs, backoffs

    def add_words(self, fields: list[list[bytes]]) -> None:
        first = self.line - len(fields) + 1
        for number, row in enumerate(fields):
            if row[1] in self.ids:
                self.line = first + number
                self.fail(f"the unigram {_shown(row[1])} appears twice")
            self.ids[row[1]] = len(self.words)
            word = row[1].decode()
            if is_reserved(word):
                self.line = first + number
                fix = f"{RESERVED_FIX}, and estimate the model again"
                raise FormatError(describe_reserved(word), path=self.path, line=self.line, fix=fix)
            self.words.append(word)

    def locate(self, columns: IntArray, order: int) -> tuple[Nodes, IntArray, NDArray[np.bool_]]:
        """Return the parents, the newest words, and whether a sentence can reach each n-gram."""
        if order == 1:
            return np.zeros(len(columns), np.int64), columns[:, 0], np.ones(len(columns), dtype=bool)
        begin, end = self.ids.get(BEGIN.encode(), MISSING), self.ids.get(END.encode(), MISSING)
        first_line = self.line - len(columns) + 1
        placed = ~((columns[:, 1:] == begin).any(axis=1) | (columns[:, :-1] == end).any(axis=1))
        self.misplaced.add(first_line + np.flatnonzero(~placed))
        reachable = placed.copy()
        parent = columns[:, 0].astype(np.int64) + 1
        for column in range(1, order - 1):
            keys = self.keys[column]
            wanted = parent * len(self.words) + columns[:, column]
            places = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
            reachable &= keys[places] == wanted if len(keys) else False
            parent = places + self.bases[column]
        self.orphans.add(first_line + np.flatnonzero(placed & ~reachable))
        return parent, columns[:, -1], reachable

    def raise_first_mistake(self, fields: list[list[bytes]], order: int, is_last: bool) -> NoReturn:
        """Raise the error of the first wrong line."""
        last_line = self.line
        for number, row in enumerate(fields):
            self.line = last_line - len(fields) + 1 + number
            if not order + 1 <= len(row) <= order + 2 - is_last:
                backoff = "" if is_last else " and an optional backoff"
                self.fail(f"expected a logprob, {order} words{backoff}, found {_shown(b' '.join(row))}")
            for name, value in zip(("logprob", "backoff"), (row[0], *row[order + 1 :]), strict=False):
                try:
                    number_read = float(value)
                except ValueError:
                    number_read = float("nan")
                if not number_read <= (_ROUNDING if name == "logprob" else 1e30):
                    self.fail(f"expected a {name}, found {_shown(value)}")
            if order > 1 and (missing := [word for word in row[1 : order + 1] if word not in self.ids]):
                self.fail(f"the word {_shown(missing[0])} has no unigram")
        raise AssertionError("none of the lines is wrong")

    def section_rows(self) -> Iterator[list[bytes]]:
        """Yield the lines of a section in blocks, without empty lines, up to the next line with a backslash."""
        while True:
            rows = self.rows
            stop = start = self.next_row
            while stop < len(rows) and rows[stop][:1] not in _NOT_AN_NGRAM:
                stop += 1
            if stop > start:
                self.next_row = stop
                self.line += stop - start
                yield rows[start:stop]
            elif not (row := self.row()) or row.startswith(b"\\"):
                self.unread(row)
                return
            else:  # an indented n-gram
                yield [row]

    def row(self) -> bytes:
        """Return the next line that is not empty, stripped; an empty one at the end of the file."""
        while True:
            if self.next_row == len(self.rows):
                _, block = next(self.blocks, (0, b""))
                if not block:
                    return b""
                self.rows, self.next_row = block.removesuffix(b"\n").split(b"\n"), 0
            row = self.rows[self.next_row].strip()
            self.next_row += 1
            self.line += 1
            if row:
                return row

    def unread(self, row: bytes) -> None:
        """Return to the state before :meth:`row` read this line; at the end of the file there was none."""
        if row:
            self.next_row -= 1
            self.line -= 1

    def fail(self, message: str, fix: str | None = None) -> NoReturn:
        raise FormatError(f"not an ARPA language model: {message}", path=self.path, line=self.line, fix=fix)


class _SkippedLines:
    """A number of lines, and the first few of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[int] = []

    def add(self, lines: NDArray[np.signedinteger]) -> None:
        self.count += len(lines)
        if len(self.first) < _NUM_NAMED:
            self.first += lines[: _NUM_NAMED - len(self.first)].tolist()

    def __str__(self) -> str:
        return ", ".join(map(str, self.first)) + (", ..." if self.count > len(self.first) else "")


def _shown(text: bytes) -> str:
    return repr(text.decode(errors="replace")) if text else "the end of the file"


def write_arpa(model: BackoffModel, path: str | PathLike[str]) -> None:
    """Write a model with 8 significant digits, n-grams in the order of the nodes; .gz files are compressed.

    A backoff is written for n-grams that are the context of longer ones, and if it is not 1. A model with numbers
    of at most 8 digits is exactly the same when it is read again.
    """
    with atomic_open(path, "w") as stream:
        stream.write("\\data\\\n")
        stream.writelines(f"ngram {order}={count}\n" for order, count in enumerate(model.num_ngrams, start=1))
        for order in range(1, model.order + 1):
            stream.write(f"\n\\{order}-grams:\n")
            for nodes, ngrams in model.ngrams(order):
                stream.writelines(_lines(model, nodes, ngrams))
        stream.write("\n\\end\\\n")


def _lines(model: BackoffModel, nodes: Nodes, ngrams: list[list[str]]) -> Iterable[str]:
    log_probs = (model.log_prob[nodes] + 0.0).tolist()  # no -0
    has_backoff = model.is_context[nodes] | (model.backoff[nodes] != 0.0)
    has_backoff &= nodes < model.bounds[-2]  # not those of the highest order
    backoffs = np.where(has_backoff, model.backoff[nodes] + 0.0, np.nan).tolist()
    for words, log_prob, backoff in zip(ngrams, log_probs, backoffs, strict=True):
        end = "\n" if backoff != backoff else f"\t{backoff:.8g}\n"
        yield f"{log_prob:.8g}\t{' '.join(words)}{end}"
