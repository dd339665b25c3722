"""Training of any module on any batches: optimization, schedule, metrics, checkpoints, many processes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
