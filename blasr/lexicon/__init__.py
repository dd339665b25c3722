"""Words and their pronunciations: lexicon files, probabilities, subwords, letters to phones, word pieces."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
