"""torchvision, if it is installed. Only detectors and torchvision's data sets need it."""

from __future__ import annotations

import importlib
from typing import Any

from blasr.errors import DependencyError


def torchvision_module(name: str) -> Any:
    """Return the module ``torchvision.name``.

    Raises:
        DependencyError: torchvision is not installed, or its version does not belong to this torch.
    """
    try:
        return importlib.import_module(f"torchvision.{name}")
    except (ImportError, RuntimeError) as error:
        raise DependencyError(
            f"this needs torchvision, which cannot be imported: {error}",
            fix="install the version that belongs to your torch: torch 2.11 goes with torchvision 0.26",
        ) from None
