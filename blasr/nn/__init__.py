"""Big-Little building blocks that know nothing of speech or vision: the two image axes are H and W."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
