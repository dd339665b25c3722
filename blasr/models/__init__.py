"""The acoustic models of the paper (Table 3), built from one table of variants.

:func:`build_acoustic_model` builds the network of any name in :data:`VARIANTS`; :func:`summarize` counts its parameters
and MACs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
