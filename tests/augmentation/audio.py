"""Lists of small recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from blasr.units import AnyArray


def write_list(folder: Path, recordings: dict[str, AnyArray], rate: int = 8000) -> Path:
    """Write recordings ``(N,)`` or ``(N, C)`` in 16-bit range and a ``wav.scp`` of them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, samples in recordings.items():
        soundfile.write(folder / f"{name}.wav", np.asarray(samples, dtype=np.int16), rate)
        lines.append(f"{name} {folder / name}.wav\n")
    (folder / "wav.scp").write_text("".join(lines))
    return folder / "wav.scp"
