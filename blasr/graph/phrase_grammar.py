"""A grammar of given phrases and nothing else, one after the other."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from typing import Final

from blasr.errors import DataError
from blasr.graph.lang import Lang
from blasr.io.fst import Fst

logger = logging.getLogger(__name__)

UNKNOWN: Final = "[unk]"
"""The word for anything else, as Vosk's phrase lists have it; it stands for the lang directory's OOV word."""

_Trie = dict[int, "_Trie"]
_END: Final = 0  # in a trie, the end of a phrase; word-ids count from 1


def phrase_loop(phrases: Sequence[str], lang: Lang) -> Fst:
    """Return G of any number of phrases, one after the other; all words that may come next are equally probable.

    G is deterministic, also if a phrase begins with another one, so that it can be compiled into a graph. Phrases with
    a word that has no pronunciation are left out, with a warning that names them.

    Raises:
        DataError: no phrase is left.
    """
    spelled = {phrase: _word_ids(phrase, lang) for phrase in phrases}
    known = [words for words in spelled.values() if words]
    if len(known) < len(spelled):
        left_out = [phrase for phrase, words in spelled.items() if not words]
        named = ", ".join(left_out[:10]) + (", ..." if len(left_out) > 10 else "")
        message = f"{len(left_out)} of {len(spelled)} phrases have words that are not in the lexicon: {named}"
        if not known:
            raise DataError(message, fix="use words of words.txt, in its spelling")
        logger.warning("%s", message)
    if not known:
        raise DataError("there are no phrases", fix="give at least one")
    return _deterministic_loop(_trie(known))


def _word_ids(phrase: str, lang: Lang) -> list[int]:
    """Return the word-ids of a phrase; none if one of its words has no pronunciation."""
    words = [lang.oov if word == UNKNOWN else word for word in phrase.split()]
    ids = [lang.words.id_of(word) for word in words if word in lang.words]
    return ids if len(ids) == len(words) and lang.spoken_word_ids.issuperset(ids) else []


def _trie(phrases: Iterable[Sequence[int]]) -> _Trie:
    root: _Trie = {}
    for words in phrases:
        node = root
        for word in words:
            node = node.setdefault(word, {})
        node[_END] = {}
    return root


def _deterministic_loop(root: _Trie) -> Fst:
    """Return the acceptor of any sequence of phrases, by the subset construction; a state is a set of trie nodes."""
    states: list[list[_Trie]] = [[root]]
    numbers = {frozenset([id(root)]): 0}
    arcs: list[tuple[int, int, float, int]] = []  # source, word, cost, target
    final: list[float] = []
    source = 0
    while source < len(states):
        nodes = states[source]
        words = sorted({word for node in nodes for word in node} - {_END})
        may_end = any(node is root for node in nodes)
        cost = math.log(len(words) + may_end)
        final.append(cost if may_end else math.inf)
        for word in words:
            reached = [node[word] for node in nodes if word in node]
            if any(_END in node for node in reached):
                reached.append(root)
            key = frozenset(map(id, reached))
            if key not in numbers:
                numbers[key] = len(states)
                states.append(list({id(node): node for node in reached}.values()))
            arcs.append((source, word, cost, numbers[key]))
        source += 1
    sources, labels, costs, targets = zip(*arcs, strict=True)
    return Fst.from_arcs(0, final, sources, labels, labels, costs, targets)
