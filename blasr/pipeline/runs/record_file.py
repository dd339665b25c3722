"""``run.json``: what made an experiment folder, in one file.

Its keys are ``config`` (the resolved configuration), ``seed``, ``inputs`` (the data, with fingerprints) and ``starts``.
The last has an entry for every command that started or resumed the run: its time, versions, git commit and host.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from blasr.errors import FormatError

RECORD_FILE: Final = "run.json"
"""The name of the record in an experiment directory."""


def read_record(path: Path) -> dict[str, Any]:
    """Read ``run.json``.

    Raises:
        FormatError: the file is not such a record.
    """
    fix = "restore it from a copy, or move it away: the next start writes a new one"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"is not the record of a training run: {error}", path=path, fix=fix) from None
    if not isinstance(record, dict) or not isinstance(record.get("starts"), list):
        raise FormatError("is not the record of a training run: expected an object with starts", path=path, fix=fix)
    return record
