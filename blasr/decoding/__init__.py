"""Search: lattice beam search over HCLG, streaming, forced alignment."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
