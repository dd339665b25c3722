"""Formats on disk: audio, FSTs, symbol tables, the lines of text files, and outputs that appear when complete.

:mod:`blasr.io.kaldi` has Kaldi's formats and :mod:`blasr.io.nist` those of NIST. The names of Kaldi's formats that are
used most (``read_matrices``, ``read_alignments``, ``read_table``, ``TableWriter`` ...) are available here as well.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
