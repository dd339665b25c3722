"""Grammars estimated from a text (``blasr graph --text``)."""

from __future__ import annotations

import logging
from os import PathLike

from blasr.errors import DataError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.config import MissingWords
from blasr.graph.lang import Lang
from blasr.graph.missing_words import MISSING_WORDS_FIX, describe_oov_outcome, list_missing_words
from blasr.io.fst import Fst
from blasr.lm.text import read_sentences, replace_words
from blasr.lm.witten_bell import estimate_witten_bell

logger = logging.getLogger(__name__)


def grammar_of_text(
    text: str | PathLike[str],
    lang: Lang,
    order: int,
    *,
    utterance_ids: bool = True,
    missing_words: MissingWords = "error",
    missing_list: str | PathLike[str] | None = None,
) -> Fst:
    """Estimate an interpolated Witten-Bell model from a text and return its G.

    Args:
        text: Kaldi's ``text``, in which each line begins with an utterance-id, or plain sentences.
        lang: the lang directory; its lexicon gives the vocabulary.
        order: order of the n-gram model.
        utterance_ids: whether the lines of ``text`` begin with an utterance-id.
        missing_words: what to do with words outside the lexicon: refuse them ("error"), leave out the sentences that
            contain any ("drop"), or replace them by the OOV word ("oov"). Except with "error", a warning counts
            and names them.
        missing_list: a file that receives all missing words, one per line; written only if there are any.

    Returns:
        G, see :func:`~blasr.graph.arpa_grammar.grammar_of`.

    Raises:
        ConfigError: the order is out of range.
        FormatError: the text cannot be read.
        DataError: words are missing, or the text has no sentences.
    """
    sentences = read_sentences(text, vocabulary=set(lang.spoken_words), utterance_ids=utterance_ids)
    kept, missing = replace_words(sentences, lang.spoken_words, lang.oov if missing_words == "oov" else None)
    if missing:
        named = list_missing_words([word for word, _ in missing.most_common()], missing_list)
        message = f"{len(missing)} words of the text are not in the lexicon, {missing.total()} times in all: {named}"
        if missing_words == "error":
            raise DataError(message, path=text, fix=MISSING_WORDS_FIX)
        logger.warning("%s: %s; %d sentences in -> %d kept", text, message, len(sentences), len(kept))
        if missing_words == "oov":
            logger.warning("%s: %s", text, describe_oov_outcome(lang.oov))
    return grammar_of(estimate_witten_bell(kept, order), lang.words)
