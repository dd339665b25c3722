"""The image models of the paper, from the very blocks that the acoustic models are made of.

Every name of :data:`VARIANTS` is also a constructor: ``blasr.vision.bl_resnet50_a2b4(num_classes=10)``.
"""

from collections.abc import Callable
from functools import partial

from blasr.vision.factory import VARIANTS, create_backbone, create_model, list_models
from blasr.vision.model import FeatureBackbone, FeatureInfo, ImageModel
from blasr.vision.released import load_released_state_dict, read_released_file
from blasr.vision.summary import ModelSummary, summarize

__all__ = [
    "VARIANTS",
    "FeatureBackbone",
    "FeatureInfo",
    "ImageModel",
    "ModelSummary",
    "create_backbone",
    "create_model",
    "list_models",
    "load_released_state_dict",
    "read_released_file",
    "summarize",
]


def __getattr__(name: str) -> Callable[..., ImageModel]:
    if name in VARIANTS:
        return partial(create_model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
