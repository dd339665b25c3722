"""From an experiment, a graph and a lang folder to a bundle, after everything that must agree was compared."""

from __future__ import annotations

import logging
from pathlib import Path

from blasr.decoding.config import DecoderConfig
from blasr.errors import DataError, MismatchError
from blasr.inference.bundle import FILES, GRAPH, LEXICON, MODEL, WEIGHTS, WORDS, BundleConfig, write_bundle
from blasr.io.fst import read_fst
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WHOLE_WORDS
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.preflight import Decoder, check_decode, check_dump

logger = logging.getLogger(__name__)


def make_bundle(
    experiment: Experiment,
    graph: Path,
    out: Path,
    *,
    model: Path | None = None,
    lang: Path | None = None,
    decoder: DecoderConfig | None = None,
    setting: PathWeights | None = None,
    prior_scale: float = 1.0,
) -> BundleConfig:
    """Write a bundle of a trained network and its graph into the folder ``out``.

    Args:
        experiment: a trained one.
        graph: the folder with ``HCLG.fst``.
        out: a new or empty folder, or a bundle, which is replaced.
        model: the ``final.mdl`` that the graph was compiled from; by default the experiment's.
        lang: the folder with ``words.txt``, ``phones.txt`` and ``phones/align_lexicon.int``; by default the graph's.
        decoder: the beams.
        setting: LM weight and word insertion penalty.
        prior_scale: of the log priors.

    Raises:
        MismatchError: network, priors, ``final.mdl``, tree, graph and words do not belong together.
        DataError: a part is not there.
    """
    model = model or experiment.final_mdl
    lang = lang or graph
    sources = {
        WEIGHTS: experiment.weights,
        "priors.vec": experiment.directory / "priors.vec",
        "priors.json": experiment.directory / "priors.json",
        GRAPH: graph / GRAPH,
        WORDS: lang / WORDS,
        "phones.txt": lang / "phones.txt",
        LEXICON: lang / "phones" / LEXICON,
    }
    if (lang / WHOLE_WORDS).is_file():
        sources[WHOLE_WORDS] = lang / WHOLE_WORDS
    absent = [path for path in (*sources.values(), model) if not path.is_file()]
    if absent:
        message = f"no such file; a bundle is made of {', '.join(FILES)}"
        raise DataError(message, path=absent[0], fix="give the graph folder, and with --lang the lang folder")
    num_pdfs = check_dump(experiment, model)
    parts = Decoder.read(model)
    words = SymbolTable.read(sources[WORDS])
    check_decode(read_fst(sources[GRAPH]), sources[GRAPH], parts, words)
    _check_same_words(words, graph / WORDS)
    _check_same_phones(parts, SymbolTable.read(sources["phones.txt"]))
    AlignLexicon.read(sources[LEXICON])
    description = experiment.description
    config = write_bundle(
        out,
        BundleConfig(
            model=description.model,
            num_pdfs=num_pdfs,
            features=description.features,
            origin=f"{experiment.directory.resolve().name}, {experiment.origin}",
            prior_scale=prior_scale,
            decoder=decoder or DecoderConfig(),
            setting=setting or PathWeights(10.0, 0.0),
        ),
        parts.transitions,
        sources,
    )
    size = sum(entry.bytes for entry in config.files)
    logger.info("written: %s, %.1f MB, %s, %d pdfs, %s", out, size / 1e6, config.model.name, num_pdfs, config.origin)
    return config


def _check_same_words(words: SymbolTable, beside_graph: Path) -> None:
    """Word-ids of another lang folder would spell the graph's words wrongly."""
    if not beside_graph.is_file() or words.path == beside_graph:
        return
    of_graph = SymbolTable.read(beside_graph)
    for word, number in of_graph.items():
        if word not in words or words.id_of(word) != number:
            found = f"is {words.id_of(word)}" if word in words else "is absent"
            raise MismatchError(
                f"{word} is {number} in {beside_graph} and {found} in {words.path}",
                fix="give the lang folder that the graph was compiled from",
            )


def _check_same_phones(parts: Decoder, phones: SymbolTable) -> None:
    highest = max((number for _, number in phones.items()), default=0)
    if parts.transitions.num_phones > highest:
        raise MismatchError(
            f"{parts.model_path} has phones up to {parts.transitions.num_phones}, {phones.path} up to {highest}",
            fix=f"give the lang folder that {MODEL} was trained with",
        )
