"""The lists of phones in a lang directory that GMM training reads: ``phones/*.int`` (utils/prepare_lang.sh)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blasr.align.questions import PhoneSet
from blasr.align.tree_building import Root
from blasr.errors import DataError

_REBUILD = "make the lang directory again with `blasr lang`"


@dataclass(frozen=True)
class PhoneLists:
    """Sets of phones, numbered from 1.

    Args:
        sets: phones that share their pdfs in a monophone model and are never separated by a question (``sets.int``).
        roots: where the tree starts (``roots.int``).
        extra_questions: beside the clustered ones (``extra_questions.int``).
        context_independent: phones without context (``context_indep.int``).
        optional_silence: the silence between words (``optional_silence.int``).
    """

    sets: tuple[PhoneSet, ...]
    roots: tuple[Root, ...]
    extra_questions: tuple[PhoneSet, ...]
    context_independent: PhoneSet
    optional_silence: PhoneSet

    @classmethod
    def read(cls, lang_dir: Path, num_phones: int) -> PhoneLists:
        """Read the lists of a lang directory whose highest phone is ``num_phones``.

        Raises:
            DataError: a list is missing, empty or malformed, or names phones that are not there.
        """
        folder = lang_dir / "phones"
        sets = tuple(phones for _, phones in _lines(folder / "sets.int", num_phones))
        roots = tuple(_roots(folder / "roots.int", num_phones))
        for name, found in (("sets.int", sets), ("roots.int", roots)):
            if not found:
                raise DataError("is empty", path=folder / name, fix=_REBUILD)
        _once(folder / "sets.int", [phone for phones in sets for phone in phones])
        _once(folder / "roots.int", [phone for root in roots for phone in root.phones])
        extra = folder / "extra_questions.int"
        return cls(
            sets=sets,
            roots=roots,
            extra_questions=tuple(phones for _, phones in _lines(extra, num_phones)) if extra.exists() else (),
            context_independent=_flat(folder / "context_indep.int", num_phones),
            optional_silence=_flat(folder / "optional_silence.int", num_phones),
        )

    def check(self, phones: Sequence[int], lang_dir: Path) -> None:
        """Compare the lists with the topology's phones.

        Raises:
            DataError: a phone of the topology is in no set or no root, or the reverse.
        """
        for name, listed in (
            ("sets.int", {phone for phones in self.sets for phone in phones}),
            ("roots.int", {phone for root in self.roots for phone in root.phones}),
        ):
            odd = sorted(listed ^ set(phones))
            if odd:
                where = "is not in topo" if odd[0] in listed else "of topo is missing"
                raise DataError(f"phone {odd[0]} {where}", path=lang_dir / "phones" / name, fix=_REBUILD)


def _lines(path: Path, num_phones: int, skip: int = 0) -> Iterator[tuple[list[str], PhoneSet]]:
    """Each line's first ``skip`` words and the phones behind them, sorted."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", path=path, fix=_REBUILD) from None
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            phones = tuple(sorted(int(word) for word in words[skip:]))
        except ValueError:
            phones = ()
        if not phones or len(set(phones)) != len(phones) or phones[0] < 1 or phones[-1] > num_phones:
            raise DataError(
                f"found {line.strip()!r}, expected different phones from 1 to {num_phones}",
                path=path,
                line=number,
                fix=_REBUILD,
            )
        yield words[:skip], phones


def _roots(path: Path, num_phones: int) -> Iterator[Root]:
    for (shared, split), phones in _lines(path, num_phones, skip=2):
        known = {"shared": True, "not-shared": False}, {"split": True, "not-split": False}
        if shared not in known[0] or split not in known[1] or (known[1][split] and not known[0][shared]):
            raise DataError(
                f"found the root '{shared} {split}', expected 'shared split', 'shared not-split' "
                "or 'not-shared not-split'",
                path=path,
                fix=_REBUILD,
            )
        yield Root(phones, shared=known[0][shared], split=known[1][split])


def _flat(path: Path, num_phones: int) -> PhoneSet:
    return tuple(sorted({phone for _, phones in _lines(path, num_phones) for phone in phones}))


def _once(path: Path, phones: list[int]) -> None:
    twice = sorted({phone for phone in phones if phones.count(phone) > 1})
    if twice:
        raise DataError(f"lists phone {twice[0]} more than once", path=path, fix=_REBUILD)
