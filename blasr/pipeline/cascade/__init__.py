"""Cascades of a little and a big model: their folder, the choice of the threshold, their curve, and what they save."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
