"""``blasr score``."""

from blasr.cli.score.command import configure, run

__all__ = ["configure", "run"]
