"""Search: forced alignment, lattice beam search over HCLG, lattices and word times."""
