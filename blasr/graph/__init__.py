"""Graphs: lang directories, L, G, H, HCLG and training graphs, all over kaldifst."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
