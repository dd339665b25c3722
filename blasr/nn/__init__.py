"""Big-Little building blocks that know nothing of speech or vision: the two image axes are H and W."""

from blasr.nn.axes import HEIGHT, WIDTH, Pair, crop
from blasr.nn.big_little import BigLittleModule, Merge, branch_names
from blasr.nn.bottleneck import Bottleneck, Shortcut, SqueezeExcitation
from blasr.nn.conv import ConvNorm
from blasr.nn.counting import LayerCount, count_layers, module_outputs
from blasr.nn.residual import ResidualBlock
from blasr.nn.resize import Resize, ResizeMode
from blasr.nn.shuffle import FirstChannels, ShuffleUnit

__all__ = [
    "HEIGHT",
    "WIDTH",
    "BigLittleModule",
    "Bottleneck",
    "ConvNorm",
    "FirstChannels",
    "LayerCount",
    "Merge",
    "Pair",
    "ResidualBlock",
    "Resize",
    "ResizeMode",
    "Shortcut",
    "ShuffleUnit",
    "SqueezeExcitation",
    "branch_names",
    "count_layers",
    "crop",
    "module_outputs",
]
