"""The image classifier, which is also a backbone: it returns logits or named feature maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from blasr.errors import DataError, MismatchError
from blasr.nn import HEIGHT, WIDTH


@dataclass(frozen=True)
class FeatureInfo:
    """A feature map that a detector can use.

    Attributes:
        name: name of the part of the model that computes it.
        channels: C of the map.
        stride: pixels of the image for each position of the map, in height and in width.
    """

    name: str
    channels: int
    stride: int


class ImageModel(nn.Module):
    """Parts in sequence, then the mean over all positions, dropout and a linear layer.

    Args:
        parts: stem, stages and transitions by name, in the order in which they run.
        features: the maps that detectors use, from fine to coarse; the last one is the output of the last part.
        num_classes: outputs; 0 leaves out the linear layer, so that the model returns the pooled features.
        in_chans: channels of an image.
        drop_rate: dropout before the linear layer.
    """

    def __init__(
        self,
        parts: Mapping[str, nn.Module],
        features: tuple[FeatureInfo, ...],
        num_classes: int,
        in_chans: int = 3,
        drop_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleDict(dict(parts))
        self.feature_info = features
        self.in_chans = in_chans
        self.drop_rate = drop_rate
        self.num_features = features[-1].channels
        self.num_classes = num_classes
        self.classifier = self._linear(num_classes)

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The parts by name, in the order in which they run, with the classifier last."""
        return {**dict(self.stages.items()), "classifier": self.classifier}

    def get_classifier(self) -> nn.Module:
        """Return the linear layer."""
        return self.classifier

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the linear layer by a new one with ``num_classes`` outputs, or by none for 0."""
        device = next(self.parameters()).device
        self.num_classes = num_classes
        self.classifier = self._linear(num_classes).to(device)

    def feature_maps(self, x: Tensor) -> dict[str, Tensor]:
        """Return the maps of :attr:`feature_info` by name, each ``(B, channels, ceil(H / stride), ceil(W / stride))``.

        Raises:
            MismatchError, DataError: see :meth:`forward`.
        """
        check_images(x, self.in_chans, self.feature_info[-1].stride)
        wanted = {info.name for info in self.feature_info}
        maps: dict[str, Tensor] = {}
        for name, part in self.stages.items():
            x = part(x)
            if name in wanted:
                maps[name] = x
        return maps

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the last feature map of images ``x`` ``(B, C, H, W)``."""
        check_images(x, self.in_chans, self.feature_info[-1].stride)
        for part in self.stages.values():
            x = part(x)
        return x

    def forward_head(self, x: Tensor) -> Tensor:
        """Return the logits ``(B, num_classes)`` of a last feature map ``(B, num_features, H, W)``."""
        logits: Tensor = self.classifier(F.dropout(x.mean((HEIGHT, WIDTH)), self.drop_rate, self.training))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (not normalized) ``(B, num_classes)`` of images ``x`` ``(B, C, H, W)``.

        Raises:
            MismatchError: ``x`` has another number of channels.
            DataError: an image is smaller than the network's stride.
        """
        return self.forward_head(self.forward_features(x))

    def _linear(self, num_classes: int) -> nn.Module:
        return nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()


class FeatureBackbone(nn.Module):
    """A model that returns feature maps in place of logits, in the order of ``feature_info``.

    Args:
        model: the classifier.
        out_indices: numbers of the maps, from 0; all by default.

    Raises:
        MismatchError: there is no map of that number.
    """

    def __init__(self, model: ImageModel, out_indices: tuple[int, ...] | None = None) -> None:
        super().__init__()
        count = len(model.feature_info)
        indices = tuple(range(count)) if out_indices is None else out_indices
        if any(not -count <= index < count for index in indices):
            raise MismatchError(f"found out_indices {indices}, expected numbers of the {count} feature maps, from 0")
        self.model = model
        self.feature_info = tuple(model.feature_info[index] for index in indices)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the maps of images ``x`` ``(B, C, H, W)``."""
        maps = self.model.feature_maps(x)
        return [maps[info.name] for info in self.feature_info]


def check_images(x: Tensor, channels: int, stride: int) -> None:
    """Check the shape of a batch of images.

    Raises:
        MismatchError: ``x`` is not a batch of images with this number of channels.
        DataError: a side is shorter than the stride.
    """
    if x.dim() != 4 or x.shape[1] != channels:
        raise MismatchError(f"found images of shape {tuple(x.shape)}, expected (B, {channels}, H, W)")
    if min(x.shape[HEIGHT:]) < stride:
        raise DataError(
            f"found images of {x.shape[HEIGHT]} x {x.shape[WIDTH]} pixels, expected at least {stride} x {stride}: "
            f"the network's stride is {stride}",
            fix=f"enlarge the images to a multiple of {stride}, such as 224",
        )
