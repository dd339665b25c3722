"""Whole stages, built from the other packages: train an acoustic model, load an experiment, compute log-likelihoods."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
