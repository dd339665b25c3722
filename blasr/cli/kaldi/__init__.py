"""``blasr kaldi``."""

from blasr.cli.kaldi.command import configure, run

__all__ = ["configure", "run"]
