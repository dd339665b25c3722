"""The blocks that the acoustic and the image models share, and the counting of their parameters and MACs.

Tensors are ``(B, C, H, W)``. In speech, H is frequency and W is time. A block has a stride, a padding and a resize mode
for each axis, so that the same :class:`BigLittleModule` serves both. :func:`summarize_parts` counts a network.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
