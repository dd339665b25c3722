"""From a trained network to log-likelihoods: priors, dense posteriors, archives for decoders."""

from blasr.inference.dump import LogLikelihoods, check_num_pdfs, write_dump
from blasr.inference.posteriors import PosteriorComputer
from blasr.inference.priors import PriorConfig, Priors

__all__ = ["LogLikelihoods", "PosteriorComputer", "PriorConfig", "Priors", "check_num_pdfs", "write_dump"]
