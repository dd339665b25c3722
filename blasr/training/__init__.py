"""Training of any module on any batches: optimizer, schedule, metrics, checkpoints, several processes.

A :class:`Trainer` gets a module, a loss such as :class:`CrossEntropy`, a :class:`TrainingConfig` and a directory;
its ``fit`` reads a :class:`BatchSource`. Called again with the same directory, it resumes exactly.
:func:`init_distributed` joins the processes that ``torchrun`` started.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
