"""Speech features: log-mel and MFCC bit-close to Kaldi's, deltas, normalisation, extraction on the fly."""
