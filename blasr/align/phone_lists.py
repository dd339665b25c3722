"""The lists of phones of a lang directory that GMM training needs: ``phones/*.int`` (utils/prepare_lang.sh)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.align.questions import PhoneSet
from blasr.align.tree_building import Root
from blasr.errors import DataError
from blasr.io.text_lines import read_fields

_REBUILD: Final = "make the lang directory again with `blasr lang`"
_ROOT_FLAGS: Final = (("shared", "split"), ("shared", "not-split"), ("not-shared", "not-split"))


@dataclass(frozen=True)
class PhoneLists:
    """Sets of phones, numbered from 1.

    Args:
        sets: phones that share their pdfs in a monophone model; no clustered question separates them (``sets.int``).
        roots: the roots of the tree (``roots.int``).
        extra_questions: questions in addition to the clustered ones (``extra_questions.int``).
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
        """Read the lists of a lang directory with the phones 1 to ``num_phones``.

        Raises:
            FormatError: a list cannot be read.
            DataError: a list is empty or malformed, or has unknown phones.
        """
        folder = lang_dir / "phones"
        sets = tuple(phones for _, phones in _lines(folder / "sets.int", num_phones))
        roots = tuple(_roots(folder / "roots.int", num_phones))
        for name, found in (("sets.int", sets), ("roots.int", roots)):
            if not found:
                raise DataError("is empty", path=folder / name, fix=_REBUILD)
        _check_no_duplicates(folder / "sets.int", [phone for phones in sets for phone in phones])
        _check_no_duplicates(folder / "roots.int", [phone for root in roots for phone in root.phones])
        extra = folder / "extra_questions.int"
        return cls(
            sets=sets,
            roots=roots,
            extra_questions=tuple(phones for _, phones in _lines(extra, num_phones)) if extra.exists() else (),
            context_independent=_phone_set(folder / "context_indep.int", num_phones),
            optional_silence=_phone_set(folder / "optional_silence.int", num_phones),
        )

    def check(self, phones: Sequence[int], lang_dir: Path) -> None:
        """Compare the lists with the topology's phones.

        Raises:
            DataError: a phone of the topology is in no set or in no root, or a listed phone is not in the topology.
        """
        for name, listed in (
            ("sets.int", {phone for phones in self.sets for phone in phones}),
            ("roots.int", {phone for root in self.roots for phone in root.phones}),
        ):
            differing = sorted(listed ^ set(phones))
            if differing:
                problem = "is not in topo" if differing[0] in listed else "of topo is missing"
                raise DataError(f"phone {differing[0]} {problem}", path=lang_dir / "phones" / name, fix=_REBUILD)


def _lines(path: Path, num_phones: int, skip: int = 0) -> Iterator[tuple[list[str], PhoneSet]]:
    """For each line, the first ``skip`` fields and the phones that follow, sorted."""
    for number, fields in read_fields(path, fix=_REBUILD):
        try:
            phones = tuple(sorted(int(field) for field in fields[skip:]))
        except ValueError:
            phones = ()
        if not phones or len(set(phones)) != len(phones) or phones[0] < 1 or phones[-1] > num_phones:
            raise DataError(
                f"found {' '.join(fields)!r}, expected different phones from 1 to {num_phones}",
                path=path,
                line=number,
                fix=_REBUILD,
            )
        yield fields[:skip], phones


def _roots(path: Path, num_phones: int) -> Iterator[Root]:
    for (shared, split), phones in _lines(path, num_phones, skip=2):
        if (shared, split) not in _ROOT_FLAGS:
            raise DataError(
                f"found the root '{shared} {split}', expected 'shared split', 'shared not-split' "
                "or 'not-shared not-split'",
                path=path,
                fix=_REBUILD,
            )
        yield Root(phones, shared=shared == "shared", split=split == "split")


def _phone_set(path: Path, num_phones: int) -> PhoneSet:
    return tuple(sorted({phone for _, phones in _lines(path, num_phones) for phone in phones}))


def _check_no_duplicates(path: Path, phones: list[int]) -> None:
    repeated = sorted({phone for phone in phones if phones.count(phone) > 1})
    if repeated:
        raise DataError(f"lists phone {repeated[0]} more than once", path=path, fix=_REBUILD)
