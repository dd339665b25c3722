"""The acoustic models of the paper (Table 3), from one table of variants."""

from blasr.models.acoustic import AcousticModel
from blasr.models.config import AcousticModelConfig
from blasr.models.factory import build_acoustic_model
from blasr.models.summary import ModelSummary, summarize
from blasr.models.variants import VARIANTS

__all__ = ["VARIANTS", "AcousticModel", "AcousticModelConfig", "ModelSummary", "build_acoustic_model", "summarize"]
