import collections.abc

from .batches import ImageBatchConfig as ImageBatchConfig
from .batches import ImageBatches as ImageBatches
from .cascade import LittleBigClassifier as LittleBigClassifier
from .cascade import confidences as confidences
from .config import ImageConfig as ImageConfig
from .config import ImageModelConfig as ImageModelConfig
from .config import check_size as check_size
from .detection import count_detector as count_detector
from .factory import create_backbone as create_backbone
from .factory import create_model as create_model
from .images import ImageFolder as ImageFolder
from .images import LabeledImages as LabeledImages
from .images import TorchvisionImages as TorchvisionImages
from .model import FeatureBackbone as FeatureBackbone
from .model import FeatureInfo as FeatureInfo
from .model import ImageModel as ImageModel
from .paper import DETECTION as DETECTION
from .paper import TABLES as TABLES
from .paper import PublishedDetectionFigures as PublishedDetectionFigures
from .paper import PublishedImageFigures as PublishedImageFigures
from .registry import VARIANTS as VARIANTS
from .registry import find_variant as find_variant
from .registry import list_models as list_models
from .released import UPSAMPLE as UPSAMPLE
from .released import load_released_state_dict as load_released_state_dict
from .released import read_released_file as read_released_file
from .released import released_classes as released_classes
from .released import released_variant as released_variant
from .summary import ImageSummary as ImageSummary
from .summary import summarize as summarize
from .summary import weight_sizes as weight_sizes
from .transforms import EvaluationTransform as EvaluationTransform
from .transforms import TrainingTransform as TrainingTransform

def __getattr__(name: str) -> collections.abc.Callable[..., ImageModel]: ...
