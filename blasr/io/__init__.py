"""Plain formats on disk: audio, FSTs, symbol tables, atomic outputs. ``kaldi`` has Kaldi's formats, ``nist`` NIST's."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
