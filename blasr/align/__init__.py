"""Forced alignments without Kaldi.

- :func:`flat_start` trains monophone and triphone GMMs from transcripts and audio and aligns the corpus.
- :func:`realign` aligns a corpus with the log-likelihoods of a network, :func:`realign_with_gmm` with those of GMMs.
- :func:`gmm_log_likelihoods` gives the log-likelihoods of an utterance under the GMMs of a flat start.

Configurations are :class:`FlatStartConfig` and :class:`RealignConfig`. Results are Kaldi alignment directories.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
