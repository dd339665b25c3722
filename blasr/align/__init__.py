"""Alignments without Kaldi: GMM flat start, tree building, forced alignment with any log-likelihoods."""
