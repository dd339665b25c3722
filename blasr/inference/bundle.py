"""A bundle: one folder with everything that speech recognition needs. It can be moved and sent.

The folder contains ``bundle.yaml`` (:class:`BundleConfig`, with the size and SHA-256 of every other file) and
``FILES``: the weights of the network, its priors, the transition model, HCLG, its words and phones, and the lexicon
that gives the words their times. Nothing in it is executable, and nothing refers to a path outside.
"""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from torch import nn

from blasr import __version__
from blasr.config import parse_config, write_yaml
from blasr.decoding.config import DecoderConfig
from blasr.decoding.decode_table import check_graph
from blasr.errors import ConfigError, DataError, FormatError, MismatchError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.online_cmvn import GLOBAL_CMVN, read_global_cmvn
from blasr.graph.lang import REQUIRED_FILES
from blasr.hmm.model_file import write_model
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.inference.acoustic_scorer import AcousticScorer
from blasr.inference.cascade import CascadeScorer, LittleBig
from blasr.inference.config import CascadeConfig, Precision, ScoringConfig
from blasr.inference.lattice_confidence import LatticeConfidence
from blasr.inference.loglike_checks import check_num_pdfs
from blasr.inference.network import load_network
from blasr.inference.priors import Priors
from blasr.io.atomic import atomic_dir
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WHOLE_WORDS, WordJoiner
from blasr.models import AcousticModelConfig
from blasr.yaml_text import read_yaml

VERSION: Final = 1
"""The version of the layout; bundles of another version are refused."""

MANIFEST: Final = "bundle.yaml"
WEIGHTS: Final = "final.safetensors"
"""The weights of the network in a bundle."""
MODEL: Final = "final.mdl"
"""The transition model in a bundle."""
GRAPH: Final = "HCLG.fst"
"""The decoding graph in a bundle."""
EXPORTED_WEIGHTS: Final = "model.onnx"
"""In place of the weights, the bundle of an exported network has its model."""
WORDS: Final = "words.txt"
"""The symbol table of the words in a bundle."""
PHONES: Final = "phones.txt"
LEXICON: Final = "align_lexicon.int"
"""The pronunciations of the words as ids, for the times of words."""
FILES: Final = (WEIGHTS, "priors.vec", "priors.json", MODEL, GRAPH, WORDS, PHONES, LEXICON)
"""The files that every bundle of a network in float has."""
LANG: Final = "lang"
"""The folder of the lang directory, which the graphs of phrases are compiled from."""
TREE: Final = "tree"
"""The decision tree in a bundle, for the graphs of phrases."""
LANG_FILES: Final = tuple(f"{LANG}/{name}" for name in REQUIRED_FILES)
OPTIONAL_FILES: Final = (WHOLE_WORDS, GLOBAL_CMVN, TREE, *LANG_FILES)
"""Files for a vocabulary of pieces of words, for running statistics, and for other graphs."""
LITTLE: Final = "little"
CASCADE_FILES: Final = tuple(f"{LITTLE}/{name}" for name in (WEIGHTS, "priors.vec", "priors.json"))
"""The files of the little model, if the bundle has a cascade."""

BUNDLE_AGAIN: Final = "copy the bundle again from its source, or make it again (blasr bundle)"


@dataclass(frozen=True)
class BundledFile:
    """A file of a bundle: its name, its size in bytes and the SHA-256 of its content."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class BundledCascade:
    """The little model of a cascade, and what it passes on to the big one, the other network of the bundle."""

    model: AcousticModelConfig
    config: CascadeConfig


@dataclass(frozen=True)
class BundleConfig:
    """The content of ``bundle.yaml``.

    Attributes:
        model: the network, without its number of outputs.
        num_pdfs: the number of its outputs.
        features: the input. If ``features.cmvn`` is ``speaker``, each side of an audio file is a speaker.
        origin: the experiment and the epochs that the weights come from.
        prior_scale: the weight of the log priors that are subtracted.
        decoder: the beams, and the acoustic scale that they apply to.
        setting: the LM weight and word insertion penalty of the best path.
        cascade: the little model, if ``model`` is the big one of a cascade.
        version: the version of the layout.
        blasr: the version of blasr that wrote it.
        files: all other files.
    """

    model: AcousticModelConfig
    num_pdfs: int
    features: FeatureConfig
    origin: str
    prior_scale: float = 1.0
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    setting: PathWeights = field(default_factory=lambda: PathWeights(10.0, 0.0))
    cascade: BundledCascade | None = None
    version: int = VERSION
    blasr: str = __version__
    files: tuple[BundledFile, ...] = ()

    @property
    def weights(self) -> str:
        """The name of the file with the network."""
        return EXPORTED_WEIGHTS if any(entry.name == EXPORTED_WEIGHTS for entry in self.files) else WEIGHTS

    def __post_init__(self) -> None:
        if not (math.isfinite(self.prior_scale) and self.prior_scale >= 0):
            raise ConfigError(f"prior_scale: found {self.prior_scale}, expected 0 or more")


@dataclass(frozen=True, eq=False)
class Bundle:
    """All parts of a bundle, checked to belong together."""

    path: Path
    config: BundleConfig
    model: nn.Module
    priors: Priors
    transition_model: TransitionModel
    graph: Fst
    words: SymbolTable
    phones: SymbolTable
    joiner: WordJoiner
    lexicon: AlignLexicon
    global_stats: CmvnStats | None = None
    models: LittleBig | None = None

    def scorer(self, device: str = "cpu", precision: Precision = "float32") -> AcousticScorer:
        """Return a scorer that computes log-likelihoods with the network, or with both models of the cascade."""
        config, scoring = self.config, ScoringConfig(self.config.prior_scale, device, precision=precision)
        if config.cascade is None or self.models is None:
            return AcousticScorer(self.model, config.features, self.priors, scoring, self.global_stats)
        cascade, measure = config.cascade.config, None
        if cascade.confidence == "lattice":
            measure = LatticeConfidence(self.graph, self.transition_model, cascade.lattice)
        return CascadeScorer(self.models, config.features, cascade, scoring, measure, self.global_stats)

    @property
    def lang(self) -> Path | None:
        """The lang directory, beside the tree; None if the bundle was made without one of them."""
        names = {entry.name for entry in self.config.files}
        return self.path / LANG if names.issuperset((TREE, *LANG_FILES)) else None

    @classmethod
    def read(cls, path: str | Path) -> Bundle:
        """Read a bundle and compare every file with its entry in ``bundle.yaml``.

        Raises:
            DataError: the folder or one of its files is missing, or a file has changed.
            FormatError: ``bundle.yaml`` has another version or cannot be read.
            ConfigError: ``bundle.yaml`` has unknown keys or wrong values.
            MismatchError: the parts do not belong together.
        """
        path = Path(path)
        config = read_bundle_config(path)
        for entry in config.files:
            _check_file(path, entry)
        _check_no_others(path, config)
        _check_normalization(path, config)
        model, _ = load_network(config.model, config.num_pdfs, path / config.weights)
        priors, models = Priors.read(path), None
        if config.cascade is not None:
            little, _ = load_network(config.cascade.model, config.num_pdfs, path / LITTLE / WEIGHTS)
            models = LittleBig(little, Priors.read(path / LITTLE), model, priors)
        bundle = cls(
            path,
            config,
            model,
            priors,
            read_transition_model(path / MODEL),
            read_fst(path / GRAPH),
            SymbolTable.read(path / WORDS),
            SymbolTable.read(path / PHONES),
            WordJoiner.beside(path / WORDS),
            AlignLexicon.read(path / LEXICON),
            read_global_cmvn(path / GLOBAL_CMVN, config.features.num_mel_bins)
            if any(entry.name == GLOBAL_CMVN for entry in config.files)
            else None,
            models,
        )
        numbers = {
            f"the network in {path / config.weights}": config.num_pdfs,
            f"{path / 'priors.vec'}": bundle.priors.num_pdfs,
            f"{path / MODEL}": bundle.transition_model.num_pdfs,
        }
        check_num_pdfs(numbers, fix=BUNDLE_AGAIN)
        check_graph(bundle.graph, path / GRAPH, bundle.transition_model, path / MODEL, bundle.words)
        return bundle


def read_bundle_config(path: Path) -> BundleConfig:
    """Read the ``bundle.yaml`` of a folder; errors as :meth:`Bundle.read`."""
    manifest = path / MANIFEST
    if not manifest.is_file():
        what = "is not a bundle: it has no bundle.yaml" if path.is_dir() else "no such folder, expected a bundle"
        raise DataError(what, path=path, fix="make a bundle (blasr bundle), or give the path of a bundle")
    try:
        document = read_yaml(manifest)
    except ConfigError as error:
        raise FormatError(error.message, path=manifest, line=error.line, fix=BUNDLE_AGAIN) from None
    if document.repeated:
        raise FormatError("\n  ".join(document.repeated), path=manifest, fix=BUNDLE_AGAIN)
    values = document.value
    version = values.get("version") if isinstance(values, Mapping) else None
    if version != VERSION:
        message = f"is a bundle of version {version}, this blasr ({__version__}) reads version {VERSION}"
        fix = "make the bundle again with this blasr (blasr bundle), or install the blasr that wrote it"
        if isinstance(values, Mapping) and "blasr" in values:
            fix += f" ({values['blasr']})"
        raise FormatError(message, path=manifest, fix=fix)
    config = parse_config(BundleConfig, values, source=str(manifest))
    named = [WEIGHTS if entry.name == EXPORTED_WEIGHTS else entry.name for entry in config.files]
    files = (*FILES, *(CASCADE_FILES if config.cascade else ()))
    if sorted(name for name in named if name not in OPTIONAL_FILES) != sorted(files) or len(set(named)) < len(named):
        message = f"names the files {', '.join(named) or 'none'}; expected {', '.join(files)}"
        raise FormatError(message, path=manifest, fix=BUNDLE_AGAIN)
    return config


def write_bundle(
    out: Path, config: BundleConfig, transition_model: TransitionModel, sources: Mapping[str, Path]
) -> BundleConfig:
    """Write a bundle, whole or not at all; an existing bundle is replaced.

    Args:
        out: the folder, which must be new, empty or a bundle.
        config: the configuration, without its files.
        transition_model: the content of ``final.mdl``; Gaussian mixtures are left out.
        sources: the file to copy for each of ``FILES`` except ``final.mdl``, for ``OPTIONAL_FILES`` and, if there is a
            cascade, for ``CASCADE_FILES``.

    Returns:
        ``config`` with its files.

    Raises:
        DataError: ``out`` is another kind of folder, or a source cannot be read.
    """
    if out.is_dir() and not (out / MANIFEST).is_file() and any(out.iterdir()):
        raise DataError("contains other files, which a bundle would replace", path=out, fix="name a new folder")
    with atomic_dir(out) as folder:
        for name, source in sources.items():
            try:
                (folder / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(source, folder / name)
            except OSError as error:
                raise DataError(f"cannot be copied: {error.strerror}", path=source) from None
        write_model(folder / MODEL, transition_model)
        config = replace(config, files=tuple(_file_of(folder, name) for name in (MODEL, *sources)))
        (folder / MANIFEST).write_text(write_yaml(config), encoding="utf-8")
    return config


def _file_of(folder: Path, name: str) -> BundledFile:
    with (folder / name).open("rb") as stream:
        digest: Any = hashlib.file_digest(stream, "sha256")
    return BundledFile(name, (folder / name).stat().st_size, digest.hexdigest())


def _check_no_others(folder: Path, config: BundleConfig) -> None:
    """Refuse optional files that were not part of the bundle when it was made, since they would be read."""
    for name in set(OPTIONAL_FILES) - {entry.name for entry in config.files}:
        if (folder / name).exists():
            raise MismatchError(f"{name} is not part of the bundle", path=folder, fix=BUNDLE_AGAIN)


def _check_normalization(folder: Path, config: BundleConfig) -> None:
    """Refuse a bundle that normalizes by running statistics and has nothing that these begin with."""
    if config.features.cmvn == "online" and all(entry.name != GLOBAL_CMVN for entry in config.files):
        message = f"normalizes by {config.features.cmvn} (features.cmvn), but has no {GLOBAL_CMVN}"
        fix = f"normalization must be that of the training: {BUNDLE_AGAIN}"
        raise MismatchError(message, path=folder / MANIFEST, fix=fix)


def _check_file(folder: Path, expected: BundledFile) -> None:
    path = folder / expected.name
    if not path.is_file():
        raise DataError(f"{expected.name} is missing", path=folder, fix=BUNDLE_AGAIN)
    found = _file_of(folder, expected.name)
    if found.bytes != expected.bytes:
        message = f"has {found.bytes} bytes, the bundle was made with {expected.bytes}: it is truncated or was changed"
        raise DataError(message, path=path, fix=BUNDLE_AGAIN)
    if found.sha256 != expected.sha256:
        message = f"was changed (SHA-256 {expected.sha256[:12]} when the bundle was made, {found.sha256[:12]} now)"
        raise MismatchError(message, path=path, fix=BUNDLE_AGAIN)
