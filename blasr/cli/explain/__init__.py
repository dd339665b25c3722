"""``blasr explain``."""

from blasr.cli.explain.command import configure, run

__all__ = ["configure", "run"]
