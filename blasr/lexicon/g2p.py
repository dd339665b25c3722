"""Letters to phones: guesses the pronunciations of words that a dictionary lacks.

The model is Phonetisaurus's joint n-gram of letters and phones (Novak, Minematsu and Hirose, "Phonetisaurus: exploring
grapheme-to-phoneme conversion with joint n-gram models in the WFST framework", Natural Language Engineering 2016). Its
programs come with the package ``phonetisaurus`` of the extra ``g2p``.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from blasr.errors import DataError, DependencyError
from blasr.io.atomic import atomic_path
from blasr.lexicon.pronunciations import Pronunciation

MAX_NGRAM_ORDER: Final = 8
_SEPARATORS: Final = frozenset("|_}")
"""Characters that Phonetisaurus uses between the letters and phones of its units."""


def train_g2p(
    dictionary: Iterable[Pronunciation], out: str | PathLike[str], *, ngram_order: int = MAX_NGRAM_ORDER
) -> int:
    """Train a model on a dictionary, write it, and return the number of pronunciations used.

    Words with a character that Phonetisaurus reserves (``| _ }``) are not used.

    Args:
        dictionary: words and their phones.
        out: the file of the model, in OpenFst's format.
        ngram_order: length of the joint n-grams.

    Raises:
        DependencyError: phonetisaurus is not installed, or its programs cannot run here.
        DataError: the dictionary has no usable word, or the training failed.
    """
    usable = [entry for entry in dictionary if _SEPARATORS.isdisjoint("".join((entry.word, *entry.phones)))]
    if not usable:
        raise DataError("the dictionary has no words to learn from", path=out)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [f"{entry.word}\t{' '.join(entry.phones)}\n" for entry in usable]
        (folder / "lexicon").write_text("".join(lines), encoding="utf-8")
        command = ["phonetisaurus-train", "--lexicon", "lexicon", "--seq2_del", "--ngram_order", str(ngram_order)]
        _run(command, folder)
        with atomic_path(out) as temporary:
            temporary.write_bytes((folder / "train" / "model.fst").read_bytes())
    return len(usable)


def guess_pronunciations(words: Sequence[str], model: str | PathLike[str]) -> dict[str, tuple[str, ...]]:
    """Return the most probable phones of each word; a word with unknown letters has no entry.

    Args:
        words: the words, spelled as in the dictionary of the model.
        model: the file that :func:`train_g2p` wrote.

    Raises:
        DependencyError: phonetisaurus is not installed, or its programs cannot run here.
        DataError: the model is broken, or pronounces none of the words.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "words").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        command = ["phonetisaurus-apply", "--model", str(Path(model).resolve()), "--word_list", "words"]
        output = _run(command, folder)
    found: dict[str, tuple[str, ...]] = {}
    for line in output.splitlines():
        word, *phones = line.split()
        if phones:
            found.setdefault(word, tuple(phones))
    if words and not found:
        message = f"Phonetisaurus pronounces none of the {len(words)} words, first {words[0]!r}, with this model"
        raise DataError(message, path=model, fix="train the model again, with words of the same letters")
    return found


def _run(command: Sequence[str], folder: Path) -> str:
    """Run a program of Phonetisaurus in a folder and return what it printed."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=_environment(), capture_output=True, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        message = f"{command[0]} cannot run on this machine: {error.strerror}"
        raise DependencyError(message, fix="give the dictionary pronunciations of all words") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DataError(f"{command[0]} failed with status {done.returncode}: {last}")
    return done.stdout


def _environment() -> Mapping[str, str]:
    try:
        import phonetisaurus
    except ImportError:
        message = "phonetisaurus is not installed: it guesses the pronunciations of words that the dictionary lacks"
        raise DependencyError(message, fix="pip install 'blasr[g2p]', or add these words to the dictionary") from None
    environment: dict[str, Any] = phonetisaurus.guess_environment()
    return environment
