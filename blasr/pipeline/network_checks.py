"""Comparison of a trained network with the model, the tree and the audio before log-likelihoods are computed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from blasr.data.data_dir import DataDir
from blasr.errors import UTTERANCE_ERRORS, MismatchError
from blasr.inference.loglike_checks import check_num_pdfs
from blasr.inference.manifest import file_entry, same_tree
from blasr.io import audio_info, is_pipe
from blasr.io.fst import read_fst
from blasr.io.symbols import SymbolTable
from blasr.models.config import NUM_MEL_BINS
from blasr.pipeline.graph_checks import DecodingModel, check_decode

if TYPE_CHECKING:
    from blasr.pipeline.experiment import Experiment


def check_network(experiment: Experiment, model: Path | None = None, data_dir: DataDir | None = None) -> int:
    """Compare network, priors, ``final.mdl``, tree and features; return their number of pdfs.

    Args:
        experiment: the trained network.
        model: the ``final.mdl`` of the decoder; by default the one of the training labels.
        data_dir: the audio; the sample rate of its first recording that is a file is compared.

    Raises:
        MismatchError: two of them differ; names both numbers, both files and the fix.
    """
    decoding = DecodingModel.read(model or experiment.final_mdl)
    num_pdfs = check_num_pdfs(
        {
            f"the output layer in {experiment.weights}": experiment.num_pdfs,
            f"{experiment.directory / 'priors.vec'}": experiment.priors.num_pdfs,
            **decoding.pdfs(),
        },
        fix="give the final.mdl of the alignments that the network was trained on, or train on those of this final.mdl",
    )
    own_tree = experiment.directory / "tree"
    if own_tree.is_file() and decoding.tree_path.is_file() and not same_tree(own_tree, decoding.tree_path):
        raise MismatchError(
            f"{own_tree} and {decoding.tree_path} both have {num_pdfs} pdfs, but are different trees "
            f"(SHA-256 {file_entry(own_tree)['sha256'][:12]} and {file_entry(decoding.tree_path)['sha256'][:12]})",
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
    """Compare the sample rate of the first readable recording that is a file with the rate of the features.

    Raises:
        MismatchError: the rates differ; names both files.
    """
    for entry in data_dir.recordings.values():
        if is_pipe(entry):
            continue
        try:
            found = audio_info(entry).sample_rate
        except UTTERANCE_ERRORS:
            continue  # the stage drops it and logs why
        if found == sample_rate:
            return
        raise MismatchError(
            f"{entry} has a sample rate of {found} Hz, the features in {config} expect {sample_rate} Hz",
            path=data_dir.path / "wav.scp",
            fix=f"resample the audio to {sample_rate} Hz, or use a network trained on {found} Hz",
        )


def check_network_and_graph(
    experiment: Experiment, data_dir: DataDir, model: Path | None = None, graph: Path | None = None
) -> str:
    """Compare network, priors, ``final.mdl``, tree, data and the graph, if given; return a line that reports the match.

    Args:
        experiment: the trained network.
        data_dir: the audio; its sample rate is compared.
        model: the ``final.mdl`` of the decoder; by default the one of the training labels.
        graph: HCLG.fst with words.txt beside it, or their folder.

    Raises:
        MismatchError: two of them differ; names both numbers, both files and the fix.
    """
    model = model or experiment.final_mdl
    num_pdfs = check_network(experiment, model, data_dir)
    parts = [experiment.directory, model, data_dir.path]
    if graph is not None:
        path = graph / "HCLG.fst" if graph.is_dir() else graph
        words = SymbolTable.read(path.parent / "words.txt")
        check_decode(read_fst(path), path, DecodingModel.read(model), words)
        parts.append(graph)
    return f"{', '.join(map(str, parts))} belong together: {num_pdfs} pdfs"
