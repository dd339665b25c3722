"""Training of any module on any batches: optimisation, schedule, metrics, checkpoints, many processes."""

from blasr.training.batches import Batch, BatchSource
from blasr.training.checkpoint import TrainingState, load_module, load_weights, save_weights
from blasr.training.config import ScheduleConfig, TrainingConfig
from blasr.training.distributed import Ranks, joined_ranks
from blasr.training.losses import IGNORE_INDEX, CrossEntropy
from blasr.training.metrics import Sums
from blasr.training.schedule import learning_rate
from blasr.training.trainer import Trainer, harmless_keys

__all__ = [
    "IGNORE_INDEX",
    "Batch",
    "BatchSource",
    "CrossEntropy",
    "Ranks",
    "ScheduleConfig",
    "Sums",
    "Trainer",
    "TrainingConfig",
    "TrainingState",
    "harmless_keys",
    "joined_ranks",
    "learning_rate",
    "load_module",
    "load_weights",
    "save_weights",
]
