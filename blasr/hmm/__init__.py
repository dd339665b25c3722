"""Hidden Markov models: topologies, transition models, phonetic decision trees and Gaussian mixtures."""

from __future__ import annotations

from blasr.hmm.gmm import AmDiagGmm, DiagGmm
from blasr.hmm.model_file import read_model, write_model
from blasr.hmm.topology import Topology, make_topology
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import ContextDependency, monophone_tree, read_tree

__all__ = [
    "AmDiagGmm",
    "ContextDependency",
    "DiagGmm",
    "Topology",
    "TransitionModel",
    "make_topology",
    "monophone_tree",
    "read_model",
    "read_transition_model",
    "read_tree",
    "write_model",
]
