"""NIST's formats: time-marked words (CTM), reference segments (STM), spelling rules (GLM)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
