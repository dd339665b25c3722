"""Run the decoders of the package kaldi-decoder on the files of ``benchmarks/decoder.py``, in a separate process.

They need one column per transition-id. The matrices are widened first; this is not timed.

    python benchmarks/decoder_peers.py FOLDER BEAM MAX_ACTIVE LATTICE_BEAM NAME=UTTERANCES...
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np

kaldi_decoder: Any = importlib.import_module("kaldi_decoder")


def main() -> None:
    """Print one line of JSON for each decoder and utterance."""
    folder, beam, max_active, lattice_beam = Path(sys.argv[1]), *map(float, sys.argv[2:5])
    graph = kaldifst.StdVectorFst.read(str(folder / "HCLG.fst"))
    columns = np.load(folder / "tid_to_pdf.npy")[1:]
    scores = np.load(folder / "scores.npz")
    makers = {
        "FasterDecoder": lambda: kaldi_decoder.FasterDecoder(
            graph, kaldi_decoder.FasterDecoderOptions(beam=beam, max_active=int(max_active), min_active=200)
        ),
        "SimpleDecoder": lambda: kaldi_decoder.SimpleDecoder(graph, beam),
        "LatticeSimpleDecoder": lambda: kaldi_decoder.LatticeSimpleDecoder(
            graph,
            kaldi_decoder.LatticeSimpleDecoderConfig(beam=beam, lattice_beam=lattice_beam, determinize_lattice=False),
        ),
    }
    for name, number in (argument.split("=") for argument in sys.argv[5:]):
        for utterance in scores.files[: int(number)]:
            wide = np.ascontiguousarray(scores[utterance][:, columns])
            decoder = makers[name]()
            print(json.dumps({"decoder": name, "utterance": utterance, **decode(decoder, wide)}), flush=True)


def decode(decoder: Any, scores: Any) -> dict[str, object]:
    """Return the words, the cost and the seconds."""
    clock, processor = time.perf_counter(), time.process_time()
    decoder.decode(kaldi_decoder.DecodableCtc(scores))
    found, lattice = decoder.get_best_path()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    _, _, words, weight = kaldifst.get_linear_symbol_sequence(lattice)
    return {
        "words": list(words) if found else [],
        "cost": float(weight.value1 + weight.value2),
        "clock": clock,
        "processor": processor,
    }


if __name__ == "__main__":
    main()
