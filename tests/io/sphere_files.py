"""NIST SPHERE files of any coding, for tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import soundfile


def sphere_bytes(
    samples: np.ndarray[Any, Any],
    subtype: str,
    *,
    coding: str | None,
    order: str | None,
    rate: int = 8000,
    header_bytes: int = 1024,
) -> bytes:
    """Return a SPHERE file.

    Args:
        samples: ``(N,)`` or ``(N, channels)``, int16.
        subtype: libsndfile's name of the coding.
        coding: what the header calls it; None leaves the field out.
        order: the byte order that the header declares; None leaves the field out.
        rate: in Hz.
        header_bytes: the length of the header.
    """
    table = samples.reshape(len(samples), -1)
    body = io.BytesIO()
    endian = "LITTLE" if order is not None and order.startswith("01") else "BIG" if order in ("10", "210") else "FILE"
    soundfile.write(body, table, rate, format="RAW", subtype=subtype, endian=endian)
    width = len(body.getvalue()) // table.size
    lines = [f"channel_count -i {table.shape[1]}", f"sample_count -i {len(table)}", f"sample_rate -i {rate}"]
    lines.append(f"sample_n_bytes -i {width}")
    lines += [] if coding is None else [f"sample_coding -s{len(coding)} {coding}"]
    lines += [] if order is None else [f"sample_byte_format -s{len(order)} {order}"]
    header = f"NIST_1A\n{header_bytes:7d}\n" + "\n".join(lines) + "\nend_head\n"
    return header.encode().ljust(header_bytes) + body.getvalue()
