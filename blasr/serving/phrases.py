"""Graphs of the phrases that clients give, made while they wait, and kept for the next client."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Final

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import BlasrError
from blasr.graph.hclg import compile_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.phrase_grammar import phrase_loop
from blasr.hmm.tree import ContextDependency
from blasr.inference.bundle import TREE
from blasr.inference.live import LiveRecognizer
from blasr.serving.protocol import ProtocolError

_KEPT: Final = 16


class PhraseGraphs:
    """Makes decoders that find nothing but given phrases; the last ones are kept.

    Args:
        recognizer: its bundle has the lang directory and the tree, if it was made with them.
    """

    def __init__(self, recognizer: LiveRecognizer) -> None:
        self._recognizer = recognizer
        self._decoders: OrderedDict[tuple[str, ...], LatticeDecoder] = OrderedDict()
        self._read: tuple[Lang, ContextDependency] | None = None
        self._lock = Lock()

    def of(self, phrases: tuple[str, ...]) -> LatticeDecoder:
        """Return a decoder for phrases, one after the other.

        Raises:
            ProtocolError: the bundle has no lang directory, or the phrases have words that it does not know.
        """
        bundle = self._recognizer.bundle
        if bundle.lang is None:
            raise ProtocolError("phrase_list: the bundle was made without --lang and --tree")
        with self._lock:
            if phrases in self._decoders:
                self._decoders.move_to_end(phrases)
                return self._decoders[phrases]
            try:
                lang, tree = self._parts(bundle.lang)
                graph = compile_decoding_graph(lang, tree, bundle.transition_model, phrase_loop(phrases, lang))
            except BlasrError as error:
                raise ProtocolError(f"phrase_list: {error.message}") from None
            decoder = self._decoders[phrases] = self._recognizer.decoder_of(graph.fst)
            if len(self._decoders) > _KEPT:
                self._decoders.popitem(last=False)
            return decoder

    def _parts(self, folder: Path) -> tuple[Lang, ContextDependency]:
        """Return the lang directory and the tree beside it, which are read once."""
        if self._read is None:
            self._read = Lang.read(folder), ContextDependency.read(folder.parent / TREE)
        return self._read
