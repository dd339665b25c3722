"""What this machine and this installation have, and whether every stage of blasr computes what it should here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
