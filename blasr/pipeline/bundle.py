"""Making a bundle of an experiment, a graph and a lang folder, after comparing everything that must agree."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from blasr.decoding.config import DecoderConfig
from blasr.errors import DataError, MismatchError
from blasr.features.online_cmvn import GLOBAL_CMVN
from blasr.graph.lang import REQUIRED_FILES
from blasr.inference.bundle import (
    CASCADE_FILES,
    EXPORTED_WEIGHTS,
    FILES,
    GRAPH,
    LANG,
    LEXICON,
    MODEL,
    TREE,
    WEIGHTS,
    WORDS,
    BundleConfig,
    BundledCascade,
    write_bundle,
)
from blasr.io.fst import read_fst
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WHOLE_WORDS
from blasr.pipeline.cascade.experiment import CascadeExperiment
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.graph_checks import DecodingModel, check_decode, check_same_symbols
from blasr.pipeline.network_checks import check_network

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BundleSettings:
    """The decoding settings of a bundle.

    Attributes:
        decoder: the beams.
        weights: LM weight and word insertion penalty of the best path.
        prior_scale: the weight of the log priors.
    """

    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    weights: PathWeights = field(default_factory=lambda: PathWeights(10.0, 0.0))
    prior_scale: float = 1.0


def make_bundle(
    experiment: Experiment,
    graph: Path,
    out: Path,
    *,
    model: Path | None = None,
    lang: Path | None = None,
    global_cmvn: Path | None = None,
    settings: BundleSettings | None = None,
) -> BundleConfig:
    """Write a bundle of a trained network and its graph into the folder ``out``.

    Args:
        experiment: the trained network.
        graph: ``HCLG.fst``, or its folder.
        out: a new or empty folder, or a bundle, which is replaced.
        model: the ``final.mdl`` that the graph was compiled from; by default the experiment's.
        lang: the folder with ``words.txt``, ``phones.txt`` and ``phones/align_lexicon.int``; by default the graph's.
            A whole lang directory is copied, with the tree beside the model, so that other graphs can be compiled.
        global_cmvn: statistics of the training data in Kaldi's format, which running statistics begin with; by default
            those that the training stored, if it did.
        settings: the decoding settings.

    Raises:
        MismatchError: network, priors, ``final.mdl``, tree, graph and words do not fit together.
        DataError: a part is missing.
    """
    settings = settings or BundleSettings()
    graph_file = graph / GRAPH if graph.is_dir() else graph
    graph = graph_file.parent
    model = model or experiment.final_mdl
    lang = lang or graph
    sources = _find_sources(experiment, graph_file, lang, model, global_cmvn)
    num_pdfs = check_network(experiment, model)
    decoding_model = DecodingModel.read(model)
    words = SymbolTable.read(sources[WORDS])
    check_decode(read_fst(sources[GRAPH]), sources[GRAPH], decoding_model, words)
    for name in (WORDS, "phones.txt"):
        check_same_symbols(sources[name], graph / name)
    _check_same_phones(decoding_model, SymbolTable.read(sources["phones.txt"]))
    AlignLexicon.read(sources[LEXICON])
    description = experiment.description
    config = write_bundle(
        out,
        BundleConfig(
            model=description.model,
            num_pdfs=num_pdfs,
            features=description.features,
            origin=f"{experiment.directory.resolve().name}, {experiment.origin}",
            prior_scale=settings.prior_scale,
            decoder=settings.decoder,
            setting=settings.weights,
            cascade=_cascade(experiment),
        ),
        decoding_model.transitions,
        sources,
    )
    size = sum(entry.bytes for entry in config.files)
    logger.info(
        "written: %s, %.1f MB, network %s, model %s, %d pdfs",
        out,
        size / 1e6,
        config.origin,
        config.model.name,
        num_pdfs,
    )
    return config


def _cascade(experiment: Experiment) -> BundledCascade | None:
    if not isinstance(experiment, CascadeExperiment):
        return None
    return BundledCascade(experiment.little.description.model, experiment.cascade)


def _find_sources(
    experiment: Experiment, graph_file: Path, lang: Path, model: Path, global_cmvn: Path | None
) -> dict[str, Path]:
    """Return the files that a bundle copies, by their names in it, after checking that all of them exist."""
    tree = model.parent / TREE
    sources = {
        EXPORTED_WEIGHTS if experiment.weights.suffix == ".onnx" else WEIGHTS: experiment.weights,
        "priors.vec": experiment.directory / "priors.vec",
        "priors.json": experiment.directory / "priors.json",
        GRAPH: graph_file,
        WORDS: lang / WORDS,
        "phones.txt": lang / "phones.txt",
        LEXICON: lang / "phones" / LEXICON,
    }
    stats = global_cmvn or experiment.directory / GLOBAL_CMVN
    if global_cmvn is not None or experiment.description.features.cmvn == "online" or stats.is_file():
        sources[GLOBAL_CMVN] = stats
    if all((lang / name).is_file() for name in REQUIRED_FILES) and tree.is_file():
        sources |= {TREE: tree, **{f"{LANG}/{name}": lang / name for name in REQUIRED_FILES}}
    if (lang / WHOLE_WORDS).is_file():
        sources[WHOLE_WORDS] = lang / WHOLE_WORDS
    if isinstance(experiment, CascadeExperiment):
        sources |= {name: experiment.directory / name for name in CASCADE_FILES}
    absent = [path for path in (*sources.values(), model) if not path.is_file()]
    if absent:
        message = f"no such file; a bundle consists of {', '.join(FILES)}"
        raise DataError(message, path=absent[0], fix="give the graph folder, and with --lang the lang folder")
    return sources


def _check_same_phones(model: DecodingModel, phones: SymbolTable) -> None:
    highest = max((number for _, number in phones.items()), default=0)
    if model.transitions.num_phones > highest:
        raise MismatchError(
            f"{model.model_path} has phones up to {model.transitions.num_phones}, {phones.path} up to {highest}",
            fix=f"give the lang folder that {MODEL} was trained with",
        )
