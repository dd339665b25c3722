"""The image models of the paper, ResNets for CIFAR and SEP-Nets, built from the same blocks as the acoustic models.

:func:`create_model` makes the network of a name that :func:`list_models` returns, and :func:`load_released_state_dict`
loads the weights that the authors published. :class:`ImageBatches` reads images for training and evaluation.
Every name in :data:`VARIANTS` is also a constructor: ``blasr.vision.bl_resnet50_a2b4(num_classes=10)``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import lazy_loader

_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name in __all__:
        return _attribute(name)
    if not name.startswith("_"):
        from blasr.vision.factory import create_model
        from blasr.vision.registry import VARIANTS

        if name in VARIANTS:
            constructor: Callable[..., Any] = partial(create_model, name)
            return constructor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
