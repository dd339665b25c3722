"""The grammar of a text: an n-gram model estimated from its sentences, as an acceptor of words."""

from __future__ import annotations

import logging
from os import PathLike

from blasr.errors import DataError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.config import MissingWords
from blasr.graph.grammar import name_words
from blasr.graph.lang import Lang
from blasr.io.fst import Fst
from blasr.lm.text import read_sentences, replace_words
from blasr.lm.witten_bell import estimate_witten_bell

logger = logging.getLogger(__name__)


def grammar_of_text(
    path: str | PathLike[str],
    lang: Lang,
    order: int,
    *,
    utterance_ids: bool = True,
    missing_words: MissingWords = "error",
    missing_list: str | PathLike[str] | None = None,
) -> Fst:
    """Return G of a Witten-Bell model of a text; words outside the lexicon are logged.

    Args:
        path: the text.
        lang: the lang directory with its words.
        order: length of the n-grams.
        utterance_ids: whether each line begins with an utterance-id.
        missing_words: what to do with words outside the lexicon.
        missing_list: a file that receives all of them, one per line; written only if there are any.

    Raises:
        DataError: there are such words and ``missing_words`` is "error", or the text has no sentences.
        FormatError: the text cannot be read.
    """
    spoken = lang.spoken_words
    sentences = read_sentences(path, vocabulary=set(spoken), utterance_ids=utterance_ids)
    kept, unknown = replace_words(sentences, spoken, lang.oov if missing_words == "oov" else None)
    if unknown:
        named = name_words([word for word, _ in unknown.most_common()], missing_list)
        message = f"{len(unknown)} words of the text are not in the lexicon, {unknown.total()} times in all: {named}"
        if missing_words == "error":
            raise DataError(
                message,
                path=path,
                fix="add them to the lexicon (--missing-list FILE names all), or choose --missing-words drop or oov",
            )
        logger.warning("%s; %d sentences in -> %d kept", message, len(sentences), len(kept))
    return grammar_of(estimate_witten_bell(kept, order), lang.words)
