"""The folders of training runs: the record of what made them, their curves, and what differs between two of them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
