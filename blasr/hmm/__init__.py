"""Hidden Markov models: topologies, transition models, phonetic decision trees and Gaussian mixtures."""

from __future__ import annotations

from blasr.hmm.topology import Topology
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import ContextDependency, read_tree

__all__ = ["ContextDependency", "Topology", "TransitionModel", "read_transition_model", "read_tree"]
