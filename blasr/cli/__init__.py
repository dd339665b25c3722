"""The ``blasr`` program: :func:`main.main` runs it, and :data:`main.SUBCOMMANDS` lists its subcommands."""

from blasr.cli import main

__all__ = ["main"]
