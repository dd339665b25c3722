"""The acoustic models of the paper (Table 3), from one table of variants."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
