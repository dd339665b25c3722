"""Formats on disk: Kaldi's tables, models' basic types, symbol tables, lexicons, FSTs and audio. No torch, no GPU."""

from __future__ import annotations

from blasr.io.symbols import SymbolTable

__all__ = ["SymbolTable"]
