"""Oracle errors against the edit distance of every path."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.oracle import oracle
from tests.golden_system import GoldenSystem
from tests.lattices.compact_lattices import all_paths, compact_lattices
from tests.lattices.test_minimum_bayes_risk import distance


@given(lattice=compact_lattices(), reference=st.lists(st.integers(-1, 3).filter(bool), max_size=5))
@settings(deadline=None, max_examples=150)
def test_no_path_is_nearer(lattice: CompactLattice, reference: list[int]) -> None:
    words, counts = oracle(lattice, reference)
    paths = all_paths(lattice)
    assert words in paths
    assert counts.errors == distance(words, reference) == min(distance(path, reference) for path in paths)
    assert counts.reference_words == len(reference)
    assert counts.correct + counts.substitutions + counts.insertions == len(words)


def test_the_golden_strings(system: GoldenSystem) -> None:
    """The oracle of the lattices is far below the best paths' 40 errors."""
    references = system.text("text")
    errors = 0
    for utterance, lattice in system.lattices.items():
        reference = [system.words.id_of(word) for word in references[utterance]]
        errors += oracle(determinize_lattice(lattice).lattice, reference, utterance=utterance).counts.errors
    assert 0 <= errors < 20
