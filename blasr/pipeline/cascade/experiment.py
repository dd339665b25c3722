"""The folder of a cascade: an experiment directory of the big model with the little one in ``little`` beside it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from blasr.config import load_config, write_yaml
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.features.online_cmvn import GLOBAL_CMVN
from blasr.hmm.transition_model import read_transition_model
from blasr.inference.cascade import CascadeScorer, LittleBig
from blasr.inference.config import CascadeConfig, ScoringConfig
from blasr.inference.exported import exported_model
from blasr.inference.lattice_confidence import LatticeConfidence
from blasr.inference.loglike_checks import check_num_pdfs
from blasr.inference.manifest import file_entry, same_tree
from blasr.io.fst import read_fst
from blasr.pipeline.experiment import Experiment, write_final
from blasr.pipeline.network_checks import check_network

CASCADE_FILE: Final = "cascade.yaml"
"""The file with threshold and confidence, which makes an experiment directory one of a cascade."""

LITTLE_FOLDER: Final = "little"
"""The experiment of the little model in the folder of a cascade."""

GRAPH_FILE: Final = "HCLG.fst"


@dataclass(frozen=True, kw_only=True)
class CascadeExperiment(Experiment):
    """A trained big model, and a little one that decides what the big one computes.

    Everything that :class:`Experiment` has is that of the big model; :meth:`scorer` runs both.

    Attributes:
        little: the little model.
        cascade: threshold, confidence, and what is passed on as a whole.
        graph: HCLG, if the confidence is that of lattices.
    """

    little: Experiment
    cascade: CascadeConfig
    graph: Path | None = None

    @classmethod
    def load(cls, directory: Path, checkpoint: str = "final") -> CascadeExperiment:
        """Load a cascade that :func:`write_cascade` wrote.

        Raises:
            ConfigError: another checkpoint than "final" is asked for; a cascade has none.
            DataError, MismatchError: as :meth:`Experiment.load`.
        """
        if checkpoint != "final":
            raise ConfigError(f"a cascade has no checkpoint {checkpoint}", path=directory, fix="leave out --checkpoint")
        cascade = load_config(CascadeConfig, directory / CASCADE_FILE)
        big = Experiment.load_single(directory)
        little = Experiment.load_single(directory / LITTLE_FOLDER)
        return cls.join(little, big, cascade, directory / GRAPH_FILE if cascade.confidence == "lattice" else None)

    @classmethod
    def join(
        cls, little: Experiment, big: Experiment, cascade: CascadeConfig, graph: Path | None = None
    ) -> CascadeExperiment:
        """Return a cascade of two experiments that belong together."""
        values = {field.name: getattr(big, field.name) for field in fields(Experiment)}
        return cls(**values, little=little, cascade=cascade, graph=graph)

    @property
    def record(self) -> Mapping[str, Any]:
        """The little model and the settings, for manifests and fingerprints."""
        cascade = self.cascade
        settings = {
            "threshold": cascade.threshold,
            "confidence": cascade.confidence,
            "unit": cascade.unit,
            "chunk_frames": cascade.chunk_frames,
        }
        return {"cascade": {"little": file_entry(self.little.weights), **settings}}

    def scorer(self, config: ScoringConfig | None = None) -> CascadeScorer:
        """Return a scorer that computes log-likelihoods with both models."""
        models = LittleBig(self.little.model, self.little.priors, self.model, self.priors)
        measure = None
        if self.graph is not None:
            transitions = read_transition_model(self.final_mdl)
            measure = LatticeConfidence(read_fst(self.graph), transitions, self.cascade.lattice)
        features = self.description.features
        return CascadeScorer(models, features, self.cascade, config, measure, self.global_stats)


def check_pair(little: Experiment, big: Experiment) -> None:
    """Compare two trained models that are to be a cascade.

    Raises:
        ConfigError: one of them is a cascade itself, or an exported network.
        MismatchError: they have different outputs, trees or features; the error names both.
    """
    for experiment in (little, big):
        if isinstance(experiment, CascadeExperiment):
            raise ConfigError("is a cascade itself", path=experiment.directory, fix="name a single trained network")
        if exported_model(experiment.directory) is not None:
            fix = "name the experiment that it was exported from"
            raise ConfigError("is an exported network", path=experiment.directory, fix=fix)
        check_network(experiment)
    check_num_pdfs(
        {str(little.weights): little.num_pdfs, str(big.weights): big.num_pdfs},
        fix="train both models on alignments of the same tree",
    )
    trees = little.directory / "tree", big.directory / "tree"
    if all(tree.is_file() for tree in trees) and not same_tree(*trees):
        raise MismatchError(
            f"{trees[0]} and {trees[1]} both have {big.num_pdfs} pdfs, but are different trees",
            fix="train both models on alignments of the same tree",
        )
    stats = [experiment.global_stats for experiment in (little, big) if experiment.global_stats is not None]
    if len(stats) == 2 and not np.array_equal(stats[0].matrix, stats[1].matrix):
        raise MismatchError(
            f"{little.directory / GLOBAL_CMVN} and {big.directory / GLOBAL_CMVN} are different statistics",
            fix="train both models on the same data",
        )
    ours, theirs = little.description.features, big.description.features
    differing = [
        f"{field.name} is {getattr(ours, field.name)} and {getattr(theirs, field.name)}"
        for field in fields(ours)
        if getattr(ours, field.name) != getattr(theirs, field.name)
    ]
    if differing:
        raise MismatchError(
            f"{little.directory / 'final.yaml'} and {big.directory / 'final.yaml'} have different features: "
            f"{', '.join(differing)}",
            fix="train both models on the same features",
        )


def check_replaceable(out: Path) -> None:
    """Refuse to replace a folder that is not a cascade.

    Raises:
        DataError: it contains other files.
    """
    if out.is_dir() and not (out / CASCADE_FILE).is_file() and any(out.iterdir()):
        raise DataError("contains other files, which a cascade would replace", path=out, fix="name a new folder")


def write_cascade(
    folder: Path, little: Experiment, big: Experiment, cascade: CascadeConfig, graph: Path | None = None
) -> None:
    """Write both models, the tree and ``final.mdl``, and last ``cascade.yaml``.

    Args:
        folder: a new folder.
        little, big: the models, which :func:`check_pair` has compared.
        cascade: threshold, confidence, and what is passed on as a whole.
        graph: HCLG, which the confidence of lattices needs.

    Raises:
        DataError: a file cannot be copied.
    """
    for place, experiment in ((folder, big), (folder / LITTLE_FOLDER, little)):
        place.mkdir(exist_ok=True)
        description = replace(experiment.description, origin=experiment.origin)
        write_final(place, description, experiment.model.state_dict(), experiment.priors)
    sources = {name: big.directory / name for name in ("final.mdl", "tree", "phones.txt", GLOBAL_CMVN)}
    sources[f"{LITTLE_FOLDER}/{GLOBAL_CMVN}"] = little.directory / GLOBAL_CMVN
    if cascade.confidence == "lattice" and graph is not None:
        sources[GRAPH_FILE] = graph
    for name, source in sources.items():
        if name == "final.mdl" or source.is_file():
            try:
                shutil.copyfile(source, folder / name)
            except OSError as error:
                raise DataError(f"cannot be copied: {error.strerror}", path=source) from None
    (folder / CASCADE_FILE).write_text(write_yaml(cascade), encoding="utf-8")
