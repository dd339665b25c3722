"""The golden system that Kaldi trained."""

from tests.golden_system import system

__all__ = ["system"]
