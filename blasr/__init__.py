"""blasr: Big-Little Net acoustic models for hybrid (DNN-HMM) speech recognition."""

__version__ = "0.1.0"
