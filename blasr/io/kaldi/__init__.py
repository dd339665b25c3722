"""Kaldi's formats: tables (archives and scripts), the basic types of its models, compressed matrices, alignments.

A table is read with :func:`read_table` and written with :class:`TableWriter`; a :class:`Holder` says what its values
are. Models and trees are read with :func:`open_reader` and written with :func:`open_writer`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
