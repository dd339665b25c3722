"""Hidden Markov models: topologies, transition models, phonetic decision trees and Gaussian mixtures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
