"""What a partial result of a stream costs, by the length of the utterance so far.

The log-likelihoods of all utterances are decoded as one stream, with a partial result after every half second.

    python -m benchmarks.partial_results --graph exp/graph --model final.mdl --loglikes scp:loglikes.scp
"""

from __future__ import annotations

import argparse
import time
from itertools import islice
from pathlib import Path

import numpy as np

from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.streaming import StreamingDecoder
from blasr.hmm.transition_model import read_transition_model
from blasr.io.fst import read_fst
from blasr.io.kaldi.tables import read_matrices

FRAMES = 50  # between partial results
ROW = 1000  # frames of each row of the table


def main() -> None:
    """Print a table of processor times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--loglikes", required=True)
    parser.add_argument("--utterances", type=int, default=10)
    parser.add_argument("--max-active", type=int, default=2000)
    args = parser.parse_args()
    config = DecoderConfig(max_active=args.max_active)
    columns = read_transition_model(args.model).tid_to_pdf
    decoder = LatticeDecoder(read_fst(args.graph / "HCLG.fst"), columns, config)
    utterances = islice(read_matrices(args.loglikes), args.utterances)
    loglikes = np.concatenate([matrix for _, matrix in utterances])
    warm = StreamingDecoder(decoder)
    warm.accept(loglikes[:60])
    warm.best_path()
    stream = StreamingDecoder(decoder)
    searching, partials, count = 0.0, 0.0, 0
    print("| frames so far | search, ms a second of speech | partial result, ms each |\n| ---: | ---: | ---: |")
    for begin in range(0, len(loglikes), FRAMES):
        started = time.process_time()
        stream.accept(loglikes[begin : begin + FRAMES])
        searched = time.process_time()
        stream.best_path()
        searching, partials, count = (
            searching + searched - started,
            partials + time.process_time() - searched,
            count + 1,
        )
        if count * FRAMES == ROW:
            print(f"| {stream.num_frames:,} | {1e5 * searching / ROW:.1f} | {1e3 * partials / count:.2f} |", flush=True)
            searching, partials, count = 0.0, 0.0, 0


if __name__ == "__main__":
    main()
