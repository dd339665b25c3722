"""Hidden Markov models in Kaldi's formats: topologies, transition models, decision trees and Gaussian mixtures.

- Files: :func:`read_transition_model` and :func:`read_model` read a ``final.mdl``, :func:`read_tree` a ``tree``.
- :class:`Topology` has the HMM of every phone, :class:`ContextDependency` the phonetic decision tree.
- :class:`TransitionModel` maps transition-ids to phones, HMM states and pdf-ids; its module has a glossary.
- :class:`AmDiagGmm` has the Gaussian mixture of every pdf-id.

pdf-ids and HMM states are numbered from 0; phones, transition-states and transition-ids from 1.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
