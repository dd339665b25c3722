from .audio_list import AudioList as AudioList
from .audio_list import AudioSource as AudioSource
from .audio_list import TrainingSpeech as TrainingSpeech
from .augmenter import Augmenter as Augmenter
from .changes import Changes as Changes
from .config import AugmentationConfig as AugmentationConfig
