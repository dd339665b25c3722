"""Kaldi's formats: tables (ark, scp), the basic types of its models, compressed matrices, alignments."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
