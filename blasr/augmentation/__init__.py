"""Changes of training speech: a list of transforms, drawn for each utterance and epoch from seeds alone."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
