"""Whole stages, joined from the parts: train an acoustic model, load an experiment, compute log-likelihoods."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
