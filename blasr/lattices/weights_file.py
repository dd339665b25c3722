"""The JSON file with the LM weight and penalty that were tuned on one set and are frozen for all others."""

from __future__ import annotations

import json
from pathlib import Path

from blasr.errors import ConfigError, FormatError
from blasr.lattices.config import PathWeights


def read_path_weights(path: Path) -> PathWeights:
    """Read ``lm_weight`` and ``word_insertion_penalty`` from a JSON file.

    Raises:
        FormatError: the file cannot be read, lacks one of them, or has a value out of range.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return PathWeights(float(values["lm_weight"]), float(values["word_insertion_penalty"]))
    except ConfigError as error:
        raise FormatError(error.message, path=path) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"is not a frozen setting: {error!r}"
        raise FormatError(message, path=path, fix="write one with blasr tune or blasr score text --freeze") from None
