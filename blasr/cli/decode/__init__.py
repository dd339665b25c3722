"""``blasr decode``."""

from blasr.cli.decode.command import configure, run

__all__ = ["configure", "run"]
