"""What must agree before log-likelihoods are computed or decoded: one message, all numbers, their files and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blasr.data.data_dir import DataDir
from blasr.decoding.decode_table import check_graph
from blasr.errors import FormatError, MismatchError
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import read_tree
from blasr.inference.dump import check_num_pdfs
from blasr.inference.manifest import file_entry, same_tree
from blasr.io.audio import audio_info, is_pipe
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.models import NUM_MEL_BINS
from blasr.pipeline.experiment import Experiment

SELF_LOOPS = 0.9
"""In a graph of the right model nearly all arcs from a state to itself have a self-loop's transition-id."""


@dataclass(frozen=True)
class Decoder:
    """What a decoder works with besides log-likelihoods; ``tree`` is the one beside ``final.mdl``, if it is there."""

    model_path: Path
    transitions: TransitionModel

    @classmethod
    def read(cls, model_path: Path) -> Decoder:
        """Read ``final.mdl``.

        Raises:
            FormatError: it cannot be read.
        """
        return cls(model_path, read_transition_model(model_path))

    @property
    def tree_path(self) -> Path:
        """Where Kaldi's scripts keep the tree of a model."""
        return self.model_path.parent / "tree"

    def pdfs(self) -> dict[str, int]:
        """The numbers of pdfs of the model and of the tree beside it, by file."""
        numbers = {f"{self.model_path}": self.transitions.num_pdfs}
        if self.tree_path.is_file():
            numbers[f"{self.tree_path}"] = read_tree(self.tree_path).num_pdfs
        return numbers


def check_dump(experiment: Experiment, model: Path | None = None, data_dir: DataDir | None = None) -> int:
    """Compare network, priors, ``final.mdl``, tree and features before a dump; return their number of pdfs.

    Args:
        experiment: a trained one.
        model: the decoder's ``final.mdl``; by default the one that the training labels were of.
        data_dir: whose sample rate is compared, by its first recording that is a file.

    Raises:
        MismatchError: with both numbers, both files and the fix.
    """
    decoder = Decoder.read(model or experiment.final_mdl)
    num_pdfs = check_num_pdfs(
        {
            f"the output layer in {experiment.weights}": experiment.num_pdfs,
            f"{experiment.directory / 'priors.vec'}": experiment.priors.num_pdfs,
            **decoder.pdfs(),
        },
        fix="give the final.mdl of the alignments that the network was trained on, or train on those of this final.mdl",
    )
    own = experiment.directory / "tree"
    if own.is_file() and decoder.tree_path.is_file() and not same_tree(own, decoder.tree_path):
        raise MismatchError(
            f"{own} and {decoder.tree_path} both have {num_pdfs} pdfs, but are different trees "
            f"(SHA-256 {file_entry(own)['sha256'][:12]} and {file_entry(decoder.tree_path)['sha256'][:12]})",
            fix="give the final.mdl of the alignments that the network was trained on",
        )
    features = experiment.description.features
    if features.num_mel_bins != NUM_MEL_BINS:
        raise MismatchError(
            f"{experiment.directory / 'final.yaml'} has {features.num_mel_bins} mel bins, "
            f"the network in {experiment.weights} reads {NUM_MEL_BINS}",
            fix="train with features.num_mel_bins=64",
        )
    if data_dir is not None:
        check_sample_rate(data_dir, features.sample_rate, str(experiment.directory / "final.yaml"))
    return num_pdfs


def check_sample_rate(data_dir: DataDir, sample_rate: int, config: str) -> None:
    """Compare the sample rate of the first recording that is a file with the features'.

    Raises:
        MismatchError: another one; naming both files.
        DataError: the recording cannot be read.
    """
    entry = next((entry for entry in data_dir.recordings.values() if not is_pipe(entry)), None)
    if entry is not None and (found := audio_info(entry).sample_rate) != sample_rate:
        raise MismatchError(
            f"{entry} has a sample rate of {found} Hz, the features in {config} are of {sample_rate} Hz",
            path=data_dir.path / "wav.scp",
            fix=f"resample the audio to {sample_rate} Hz, or use a network trained on {found} Hz",
        )


def check_decode(graph: Fst, graph_path: Path, decoder: Decoder, words: SymbolTable) -> None:
    """Compare HCLG, ``num_pdfs`` beside it, ``final.mdl``, tree and ``words.txt`` before decoding.

    Raises:
        MismatchError: with both numbers, both files and the fix.
    """
    numbers: Mapping[str, int] = decoder.pdfs()
    noted = graph_path.parent / "num_pdfs"
    if noted.is_file():
        numbers = {**numbers, f"{noted}": _number_in(noted)}
    fix = "take the graph, tree and final.mdl of one model: compile the graph anew (blasr graph)"
    check_num_pdfs(numbers, fix=fix)
    check_graph(graph, graph_path, decoder.transitions, decoder.model_path, words)
    loops = graph.ilabel[(graph.nextstate == graph.sources) & (graph.ilabel > 0)]
    proper = int(np.count_nonzero(decoder.transitions.is_self_loop(loops))) if len(loops) else 0
    if proper < SELF_LOOPS * len(loops):
        raise MismatchError(
            f"of {len(loops)} arcs from a state to itself, {proper} have a self-loop's transition-id of "
            f"{decoder.model_path}: the graph is of another model",
            path=graph_path,
            fix="compile the graph from this final.mdl and its tree (blasr graph)",
        )
    followed, proper = _count_sequences(graph, decoder.transitions)
    if proper < SELF_LOOPS * followed:
        raise MismatchError(
            f"of {followed} arcs that follow a transition of {decoder.model_path}, {proper} go on in the same phone or "
            "begin another: the graph is of another model, with as many transition-ids",
            path=graph_path,
            fix="compile the graph from this final.mdl and its tree (blasr graph)",
        )


def _count_sequences(graph: Fst, transitions: TransitionModel) -> tuple[int, int]:
    """Arcs with a transition-id behind arcs with one, and how many of them the topology lets follow there."""
    entering = np.zeros(graph.num_states, np.int32)
    loops = graph.nextstate == graph.sources
    entering[graph.nextstate[~loops]] = graph.ilabel[~loops]
    before, after = entering[graph.sources], graph.ilabel
    chosen = ~loops & (before > 0) & (after > 0)
    before, after = before[chosen], after[chosen]
    goes_on = (transitions.phones(after) == transitions.phones(before)) & (
        transitions.hmm_states(after) == transitions.destinations[before]
    )
    begins = transitions.is_final(before) & (transitions.hmm_states(after) == 0)
    return len(before), int(np.count_nonzero(goes_on | begins))


def _number_in(path: Path) -> int:
    try:
        return int(path.read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        raise FormatError("expected one number", path=path, fix="compile the graph anew (blasr graph)") from None
