"""Graphs of weighted finite-state transducers for decoding and alignment.

The operations of Kaldi and OpenFst are compiled functions over flat arrays (``fst_*``), with 16 bytes for an arc and 12
for a state. Their results have the states and arcs of kaldifst's in the same order.

- Lang directories: :class:`Lang` reads one, :func:`make_lang` writes one from a lexicon and a :class:`LangConfig`.
- Grammars (G): :func:`arpa_to_fst`, :func:`grammar_of_text`, :func:`unigram_loop`, :func:`read_grammar` and
  :func:`read_language_model`.
- Decoding graphs (HCLG): :func:`compile_decoding_graph` and :func:`write_decoding_graph`.
- Training graphs for forced alignment: :class:`TrainingGraphCompiler` and :func:`add_transition_costs`.

Graphs have transition-ids (from 1) on the input side and words (from 1) on the output side; 0 is epsilon. Weights are
costs, that is, negated natural logarithms.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
