"""Whole stages, joined from the parts: train an acoustic model, take up an experiment, dump log-likelihoods."""
