"""The targets of fuzzing: every parser of bytes from outside, with a few small valid inputs for each."""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from blasr.errors import DataError
from blasr.hmm.gmm import AmDiagGmm, DiagGmm
from blasr.hmm.model_file import read_model_from
from blasr.hmm.topology import HmmState, Topology, make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency, monophone_tree
from blasr.io import fst
from blasr.io.audio import audio_info, read_channels
from blasr.io.kaldi import holders
from blasr.io.kaldi.binary_streams import BINARY_HEADER, BinaryReader, BinaryWriter
from blasr.io.kaldi.compression import CompressionMethod
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.model_stream import Writer, reader_of
from blasr.io.kaldi.plain_archives import read_plain_matrices
from blasr.io.kaldi.posteriors import Posterior
from blasr.io.kaldi.script_files import parse_script_line
from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, Wspecifier, select_range
from blasr.io.kaldi.tables import read_archive
from blasr.io.kaldi.text_streams import TextWriter
from blasr.io.kaldi.waves import WAVE_FILE
from blasr.io.sphere import SphereHeader
from blasr.io.wav_header import read_wav_header
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.compact_lattice_io import COMPACT_LATTICE
from blasr.lattices.lattice import Lattice
from blasr.lattices.lattice_io import LATTICE
from blasr.lattices.lattice_table import ANY_LATTICE
from tests.fuzz.text_targets import text_parsers

NAME = "fuzz"
_INTERNALS = re.compile(r"internal|SF_INFO|psf_|error in|unspecified|malformed|unimplemented", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """A parser that must return a value or raise FormatError for any bytes, and valid inputs for it."""

    name: str
    seeds: tuple[bytes, ...]
    parse: Callable[[bytes], object]


def _readers(data: bytes) -> BinaryReader:
    """Return a reader that knows the size of its file for half of the inputs and not for the other half."""
    size = len(data) if len(data) % 2 else None
    return BinaryReader(io.BytesIO(data), NAME, size)


def _table(name: str, *items: tuple[Holder[Any], Any]) -> Target:
    seeds = []
    for binary in (True, False):
        for holder, value in items:
            if holder.write_binary is None and binary:
                continue
            seeds.append(b"key " + _written(holder, value, binary=binary))
            seeds.append(seeds[-1] + b"u2 " + seeds[-1][4:])
    read_as = items[0][0]
    return Target(name, tuple(seeds), lambda data: list(read_archive(_readers(data), read_as)))


def _written(holder: Holder[Any], value: Any, *, binary: bool) -> bytes:
    if not binary or holder.write_binary is None:
        text = io.StringIO()
        holder.write(TextWriter(text), value)
        return text.getvalue().encode()
    stream = io.BytesIO()
    if holder.has_header:
        stream.write(BINARY_HEADER)
    holder.write(BinaryWriter(stream), value)
    return stream.getvalue()


def _objects(name: str, read: Callable[[Any], object], *writes: Callable[[Writer], None]) -> Target:
    seeds = []
    for write in writes:
        stream, text = io.BytesIO(BINARY_HEADER), io.StringIO()
        stream.seek(0, io.SEEK_END)
        write(BinaryWriter(stream))
        write(TextWriter(text))
        seeds += [stream.getvalue(), text.getvalue().encode()]
    return Target(name, tuple(seeds), lambda data: read(reader_of(_readers(data))))


def _lattice() -> Lattice:
    return Lattice(
        offsets=np.array([0, 2, 3, 3]),
        ilabel=np.array([5, 6, 7], np.int32),
        olabel=np.array([1, 0, 2], np.int32),
        nextstate=np.array([1, 1, 2], np.int32),
        graph_cost=np.array([0.5, 1.5, 0], np.float32),
        acoustic_cost=np.array([10, 11, 12.5], np.float32),
        final_graph_cost=np.array([np.inf, np.inf, 0.25], np.float32),
        final_acoustic_cost=np.array([np.inf, np.inf, 0], np.float32),
        state_times=np.arange(3, dtype=np.int32),
    )


def _models() -> Iterator[tuple[Topology, ContextDependency]]:
    classical = make_topology([2, 3], [1], speech_states=2, silence_states=3)
    yield classical, monophone_tree([[1], [2, 3]], {1: 3, 2: 2, 3: 2})
    chain = Topology([[HmmState(0, 1, ((0, 0.5), (1, 0.5))), HmmState(-1, -1)]], {1: 0, 2: 0})
    yield chain, monophone_tree([[1], [2]], {1: 2, 2: 2})


def _plain_matrices(data: bytes) -> None:
    """Read a file in memory the fast way. It must stop without an error; the general reader then reports the error."""
    descriptor = os.memfd_create(NAME)
    try:
        os.write(descriptor, data)
        for _ in read_plain_matrices(descriptor, len(data)):
            pass
    finally:
        os.close(descriptor)


def _sphere(data: bytes) -> None:
    header = SphereHeader.read_from(io.BytesIO(data))
    header.check()
    assert header.audio_bytes is None or header.audio_bytes >= 0


def _audio(data: bytes) -> None:
    """Read a file in memory through libsndfile: its samples must be numbers, and its errors sentences of blasr."""
    descriptor = os.memfd_create(NAME)
    try:
        os.write(descriptor, data)
        path = Path(f"/proc/self/fd/{descriptor}")
        samples, rate, channels = read_channels(path)
        info = audio_info(path, verify=True)
        assert np.isfinite(samples).all() and samples.shape == (channels, info.num_samples) and rate > 0
    except DataError as error:
        if error.fix is None or _INTERNALS.search(error.message):
            raise ValueError(f"an error of libsndfile is shown: {error}") from error
        raise
    finally:
        os.close(descriptor)


def _wav(audio: bytes, declared: int, code: int = 1, bits: int = 16, tail: bytes = b"") -> bytes:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, code, 1, 8000, 1000 * bits, bits // 8, bits)
    chunks = b"WAVE" + fmt + struct.pack("<4sI", b"data", declared) + audio + tail
    return struct.pack("<4sI", b"RIFF", len(chunks)) + chunks


def _audio_seeds() -> tuple[tuple[bytes, ...], bytes]:
    """Return wave files, plain, streamed, of floats and with another chunk, and a SPHERE file."""
    floats = np.linspace(-1, 1, 20, dtype=np.float32).tobytes()
    audio, chunk = bytes(range(200)), b"LIST" + struct.pack("<I", 4) + b"INFO"
    waves = (
        _wav(audio, 200),
        _wav(audio, 0),
        _wav(audio, 0xFFFFFFFF),
        _wav(floats, 80, code=3, bits=32),
        _wav(audio, 200, tail=chunk),
    )
    fields = "channel_count -i 1\nsample_count -i 100\nsample_rate -i 8000\nsample_n_bytes -i 2\n"
    fields += "sample_byte_format -s2 01\nsample_coding -s3 pcm\nend_head\n"
    return waves, f"NIST_1A\n   1024\n{fields}".encode().ljust(1024) + audio


def _script(data: bytes) -> None:
    for number, line in enumerate(filter(bytes.strip, data.split(b"\n")), start=1):
        entry = ScriptEntry.parse(parse_script_line(line, NAME, number)[1])
        if entry.ranges is not None:
            with suppress(ValueError):  # the table's reader turns it into a FormatError with the line's number
                select_range(np.zeros((4, 3)), entry.ranges)


def _specifiers(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if not Wspecifier.parse(text).scp:
        Rspecifier.parse(text)


def targets() -> list[Target]:
    """Return all targets."""
    matrix = np.linspace(-3, 5, 30, dtype=np.float32).reshape(10, 3)
    compressed = [(holders.compressed_matrix(CompressionMethod(number)), matrix) for number in (2, 3, 5)]
    posterior = Posterior.from_frames([[(1, 0.5), (2, 0.5)], [], [(3, 1.0)]])
    mixtures = [DiagGmm(np.array([0.5, 0.5]), np.zeros((2, 2)), np.ones((2, 2))) for _ in range(7)]
    lattice, topologies = _lattice(), list(_models())
    models = [TransitionModel.from_tree(tree, topology) for topology, tree in topologies]

    def write_gmm(writer: Writer) -> None:
        models[0].write_to(writer)
        AmDiagGmm(mixtures[: models[0].num_pdfs]).write_to(writer)

    graph = fst.Fst(
        start=0,
        offsets=np.array([0, 2, 3, 3]),
        ilabel=lattice.ilabel,
        olabel=lattice.olabel,
        nextstate=lattice.nextstate,
        weight=lattice.graph_cost,
        final=lattice.final_graph_cost,
    )
    waves, sphere = _audio_seeds()
    wave = b"key RIFF" + struct.pack("<I", 56) + b"WAVE" + bytes(52)
    double_matrix = replace(holders.MATRIX, write_binary=partial(BinaryWriter.float_matrix, double=True))
    matrices = _table("matrix", (holders.MATRIX, matrix), (double_matrix, matrix), *compressed)
    return [
        matrices,
        Target("plain-matrix", matrices.seeds, _plain_matrices),
        _table("vector", (holders.VECTOR, matrix[0]), (holders.DOUBLE_VECTOR, matrix[0])),
        _table("int-vector", (holders.INT_VECTOR, np.arange(9))),
        _table("int-vectors", (holders.INT_VECTORS, [np.arange(3), np.arange(0), np.arange(2)])),
        _table("int-pairs", (holders.INT_PAIRS, np.arange(6).reshape(3, 2))),
        _table("posterior", (holders.POSTERIOR, posterior)),
        _table("number", (holders.INT, 7)),
        _table("word", (holders.TOKEN, "word")),
        Target("wave", (wave, wave * 2), lambda data: list(read_archive(_readers(data), WAVE_FILE))),
        Target("wav-header", waves, lambda data: read_wav_header(io.BytesIO(data), len(data))),
        Target("sphere-header", (sphere,), _sphere),
        Target("audio", (*waves, sphere), _audio),
        _table("lattice", (LATTICE, lattice)),
        _table("compact-lattice", (COMPACT_LATTICE, CompactLattice.from_lattice(lattice))),
        _table("any-lattice", (ANY_LATTICE, lattice), (ANY_LATTICE, CompactLattice.from_lattice(lattice))),
        _objects("topology", Topology.read_from, *(topology.write_to for topology, _ in topologies)),
        _objects("tree", ContextDependency.read_from, *(tree.write_to for _, tree in topologies)),
        _objects("transition-model", TransitionModel.read_from, *(model.write_to for model in models)),
        _objects("model", read_model_from, write_gmm),
        Target("fst", (fst.fst_to_bytes(graph),), lambda data: fst.fst_from_bytes(data, path=NAME)),
        Target("script", (b"u1 a.ark:12[0:2,1:1]\nu2 b.ark:5[:,0:1]\n",), _script),
        Target(
            "specifier", (b"ark,scp:a.ark,b.scp", b"ark,t:-", b"ark,s,cs,p:a.ark", b"ark:gunzip -c a |"), _specifiers
        ),
        *(Target(name, seeds, parse) for name, seeds, parse in text_parsers()),
    ]
