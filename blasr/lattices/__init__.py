"""Lattices: types, files, determinization, N-best lists, rescoring, MBR, oracle, word times, confidences."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
