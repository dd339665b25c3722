"""The self-tests: every stage computes a small answer that is known beforehand, within a few seconds.

A self-test returns what it measured, and raises :class:`SelfTestError` or any other exception if it fails.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
import torch

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.streaming import StreamingDecoder
from blasr.decoding.viterbi import force_align
from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig
from blasr.features.deltas import stack_deltas
from blasr.features.fbank import LogMel
from blasr.features.mel import filter_edges, mel_scale
from blasr.graph.training_graph import add_transition_costs
from blasr.io.audio import read_audio
from blasr.io.kaldi import TableWriter
from blasr.jit import before_compilation
from blasr.lattices import compact_lattice_writer, read_compact_lattices, read_state_lattices
from blasr.lattices.determinization import determinize_lattice, warm_up
from blasr.lattices.lattice_table import ANY_LATTICE
from blasr.lattices.oracle import oracle
from blasr.lm.backoff_grammar import LmDifference, lay_out_grammar
from blasr.models import build_acoustic_model
from blasr.pipeline.doctor.small_system import TRANSCRIPT, VOCABULARY, SmallSystem
from blasr.scoring.text import score_text
from blasr.sequence import CriterionKind, PhoneLmConfig, SequenceConfig, SequenceCriterion, build_denominator
from blasr.threads import one_torch_thread
from blasr.units import CONTEXT_FRAMES, WINDOW_FRAMES

TONE_HERTZ: Final = 1000.0
CRITERIA: Final[tuple[CriterionKind, ...]] = ("lfmmi", "smbr")
BACKENDS: Final = ("numba", "torch")
SENTENCE: Final = " ".join(TRANSCRIPT)


class SelfTestError(Exception):
    """A result that differs from the known one."""


@dataclass(frozen=True)
class SelfTest:
    """One stage.

    Attributes:
        name: the stage.
        run: computes and compares; returns what was measured.
        compiles: whether it runs functions that numba compiles.
    """

    name: str
    run: Callable[[SmallSystem], str]
    compiles: bool = False


@dataclass(frozen=True)
class SelfTestResult:
    """What a self-test found.

    Attributes:
        name: the stage.
        passed: whether the result was the known one.
        detail: what was measured, or why it failed.
        seconds: how long it took.
        compiled: whether numba compiled functions for the first time; then most of the time went into that.
    """

    name: str
    passed: bool
    detail: str
    seconds: float
    compiled: bool


def run_self_test(test: SelfTest, system: SmallSystem) -> SelfTestResult:
    """Run one self-test; any exception is a failure."""
    compilations: list[bool] = []
    started = time.perf_counter()
    try:
        with before_compilation(lambda: compilations.append(True)), _quiet():
            detail, passed = test.run(system), True
    except Exception as error:  # whatever is wrong with the installation belongs in the report
        detail, passed = f"{type(error).__name__}: {error}", False
    return SelfTestResult(test.name, passed, detail, round(time.perf_counter() - started, 2), bool(compilations))


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what the stages log about their own progress."""
    logger = logging.getLogger("blasr")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def expect(condition: bool, message: str) -> None:
    """Fail the self-test with a message if the condition is false."""
    if not condition:
        raise SelfTestError(message)


@one_torch_thread()
def check_features(system: SmallSystem) -> str:
    """A tone that was written to a file and read again is loudest in the mel bin of its frequency."""
    config = FeatureConfig()
    rate = config.sample_rate
    tone = 0.5 * np.sin(2 * np.pi * TONE_HERTZ * np.arange(rate) / rate)
    path = system.folder / "tone.flac"
    soundfile.write(path, tone, rate)
    samples, _ = read_audio(path)
    log_mel = LogMel(config)(torch.from_numpy(samples))
    inputs = stack_deltas(apply_cmvn(log_mel, CmvnStats.of(log_mel)))
    edges = filter_edges(config)
    nearest = int(np.abs(edges[:, 1] - mel_scale(np.array(TONE_HERTZ))).argmin())
    loudest = int(log_mel.mean(0).argmax())
    expect(abs(loudest - nearest) <= 1, f"a tone of {TONE_HERTZ:g} Hz is loudest in mel bin {loudest}, not {nearest}")
    expect(inputs.shape == (3, config.num_mel_bins, len(log_mel)), f"network input of shape {tuple(inputs.shape)}")
    expect(bool(inputs[1:].abs().max() < 0.5), "the deltas of a steady tone are not near 0")
    return f"{len(log_mel)} frames, {TONE_HERTZ:g} Hz in mel bin {loudest}"


@torch.inference_mode()
@one_torch_thread()
def check_network(system: SmallSystem) -> str:
    """A network's output for a whole utterance equals its outputs for single windows; a GPU's equals the CPU's."""
    torch.manual_seed(1)
    network = build_acoustic_model("bl_resnet22_a2b3", num_pdfs=100, width=0.125).eval()
    inputs = torch.randn(1, 3, 64, 60 + 2 * CONTEXT_FRAMES)
    dense = network(inputs)
    expect(dense.shape == (1, 100, 60), f"outputs of shape {tuple(dense.shape)}")
    starts = (0, 17, 59)
    windows = torch.cat([inputs[..., start : start + WINDOW_FRAMES] for start in starts])
    difference = float((network(windows)[..., 0] - dense[0, :, list(starts)].T).abs().max())
    expect(difference < 1e-3, f"outputs of windows differ from those of the utterance by {difference:.1e}")
    detail = f"60 frames at once equal to windows within {difference:.0e}"
    if torch.cuda.is_available():
        on_gpu = network.cuda()(inputs.cuda()).cpu()
        difference = float((on_gpu - dense).abs().max())
        expect(difference < 1e-2, f"outputs of the GPU differ from those of the CPU by {difference:.1e}")
        detail += f", on the GPU within {difference:.0e}"
    return detail


def check_graph(system: SmallSystem) -> str:
    """HCLG has all words, and only transition-ids of the model."""
    graph = system.graph
    words = {system.lang.words.symbol_of(int(number)) for number in np.unique(graph.olabel[graph.olabel > 0])}
    expect(words == set(VOCABULARY), f"HCLG has the words {sorted(words)}, not {sorted(VOCABULARY)}")
    largest, count = int(graph.ilabel.max()), system.transitions.num_transition_ids
    expect(largest <= count, f"HCLG has the transition-id {largest}, the model {count}")
    return f"HCLG of {graph.num_states} states and {graph.num_arcs} arcs"


def check_search(system: SmallSystem) -> str:
    """The search finds the words of the utterance, at once and in chunks; another language model changes the cost."""
    decoder = LatticeDecoder(system.graph, system.transitions.tid_to_pdf)
    best = decoder.decode(system.loglikes).best_path()
    found = system.spell(best.words)
    expect(tuple(found) == TRANSCRIPT, f"found {' '.join(found)!r}, expected {SENTENCE!r}")
    stream = StreamingDecoder(decoder)
    for start in range(0, len(system.loglikes), 7):
        stream.accept(system.loglikes[start : start + 7])
    streamed = system.spell(stream.finish().best_path().words)
    expect(streamed == found, f"found {' '.join(streamed)!r} in chunks")
    old = lay_out_grammar(system.grammar)
    dearer = lay_out_grammar(system.grammar)._replace(weight=old.weight + np.float32(0.5))
    exchanged = LatticeDecoder(system.graph, system.transitions.tid_to_pdf, difference=LmDifference(old, dearer))
    rise = exchanged.decode(system.loglikes).best_path().graph_cost - best.graph_cost
    expect(abs(rise - 0.5 * len(found)) < 1e-3, f"the cost rises by {rise:g}, expected {0.5 * len(found):g}")
    return f"{len(system.loglikes)} frames to {SENTENCE!r}"


def check_alignment(system: SmallSystem) -> str:
    """Forced alignment finds the pdf-id of every frame."""
    graph = add_transition_costs(system.training_graph, system.transitions, transition_scale=1.0, self_loop_scale=0.1)
    alignment = force_align(graph, system.loglikes, system.transitions.tid_to_pdf)
    expect(alignment is not None, "no alignment was found")
    assert alignment is not None
    wrong = int((system.transitions.tid_to_pdf[alignment.transition_ids] != system.pdf_ids).sum())
    expect(wrong == 0, f"{wrong} of {len(system.pdf_ids)} frames have another pdf-id")
    return f"{len(system.pdf_ids)} of {len(system.pdf_ids)} frames"


def check_lattice(system: SmallSystem) -> str:
    """Determinization keeps the best path, lattices survive a file, and the oracle finds the transcript."""
    lattice = LatticeDecoder(system.graph, system.transitions.tid_to_pdf).decode(system.loglikes)
    warm_up(lattice)
    best = lattice.best_path()
    compact, _ = determinize_lattice(lattice, transition_model=system.transitions)
    with compact_lattice_writer(system.folder / "compact.ark") as writer:
        writer.write("a", compact)
    with TableWriter(system.folder / "state.ark", ANY_LATTICE) as states:
        states.write("a", lattice)
    ((_, compact),) = read_compact_lattices(system.folder / "compact.ark")
    ((_, lattice),) = read_state_lattices(system.folder / "state.ark")
    for name, path in (("state", lattice.best_path()), ("determinized", compact.to_lattice().best_path())):
        expect(np.array_equal(path.words, best.words), f"the {name} lattice has other words")
        difference = abs(path.graph_cost + path.acoustic_cost - best.graph_cost - best.acoustic_cost)
        expect(difference < 0.05, f"the cost of the {name} lattice differs by {difference:g}")
    nearest = oracle(compact, [system.lang.words.id_of(word) for word in TRANSCRIPT])
    expect(nearest.counts.errors == 0, f"the oracle path has {nearest.counts.errors} errors")
    return f"{lattice.num_arcs} arcs to {compact.num_arcs}, oracle errors 0"


@one_torch_thread()
def check_sequence(system: SmallSystem) -> str:
    """Losses and gradients of sequence training by numba equal those of torch."""
    alignment = force_align(system.training_graph, system.loglikes, system.transitions.tid_to_pdf)
    assert alignment is not None
    graph = build_denominator(
        [alignment.transition_ids], system.transitions, system.tree, PhoneLmConfig(order=2, unpruned_order=2)
    )
    log_priors = np.zeros(graph.num_pdfs)
    outputs = torch.from_numpy(system.loglikes.T.copy())[None]
    targets = torch.from_numpy(system.pdf_ids).long()[None]
    apart = 0.0
    for kind in CRITERIA:
        found = []
        for backend in BACKENDS:
            criterion = SequenceCriterion(kind, graph, log_priors, SequenceConfig(backend=backend))
            inputs = outputs.clone().requires_grad_()
            loss = criterion(inputs, targets)
            loss.backward()
            with torch.no_grad():
                found.append((inputs.grad, loss.detach(), criterion(outputs, targets)))
        for compiled, reference in zip(*found, strict=True):
            apart = max(apart, float((compiled - reference).abs().max()))
    expect(apart < 1e-4, f"losses or gradients differ by {apart:.1e} between numba and torch")
    return f"denominator of {graph.num_states} states, equal to torch within {apart:.0e}"


def check_scoring(system: SmallSystem) -> str:
    """One substitution, one deletion and two insertions are counted as such."""
    hypothesis = ["tea", "eat", "two", "tea", "two", "two"]  # oat -> eat, eat deleted, "two two" inserted
    score = score_text({"a": TRANSCRIPT}, {"a": hypothesis})
    found = (score.total.substitutions, score.total.deletions, score.total.insertions)
    expect(found == (1, 1, 2), f"found {found} substitutions, deletions and insertions, expected (1, 1, 2)")
    return score.wer_line()


SELF_TESTS: Final = (
    SelfTest("features", check_features),
    SelfTest("network", check_network),
    SelfTest("graph", check_graph, compiles=True),
    SelfTest("search", check_search, compiles=True),
    SelfTest("alignment", check_alignment, compiles=True),
    SelfTest("lattice", check_lattice, compiles=True),
    SelfTest("sequence", check_sequence, compiles=True),
    SelfTest("scoring", check_scoring),
)
"""All self-tests, in the order of the stages."""
