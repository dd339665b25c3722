"""``blasr align``."""

from blasr.cli.align.command import configure, run

__all__ = ["configure", "run"]
