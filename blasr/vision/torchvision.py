"""torchvision where it is installed: nothing but detectors and its data sets needs it."""

from __future__ import annotations

import importlib
from typing import Any

from blasr.errors import DependencyError


def torchvision_module(name: str) -> Any:
    """The module ``torchvision.name``.

    Raises:
        DependencyError: torchvision is not installed, or not the one that belongs to this torch.
    """
    try:
        return importlib.import_module(f"torchvision.{name}")
    except (ImportError, RuntimeError) as error:
        raise DependencyError(
            f"this needs torchvision, which cannot be imported: {error}",
            fix="install the version that belongs to your torch: torch 2.11 goes with torchvision 0.26",
        ) from None
