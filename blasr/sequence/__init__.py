"""Sequence training: denominator graphs from a phone language model, forward-backward, and the criteria.

:func:`estimate_phone_lm` and :func:`build_denominator` make a :class:`SequenceGraph` from alignments, and a
:class:`SequenceCriterion` is the loss: lattice-free MMI, boosted or not, and sMBR.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
