"""Random statistics of triphones, for the tests of tree building."""

from __future__ import annotations

import itertools

import numpy as np

from blasr.align.questions import compile_questions
from blasr.align.tree_building import Root
from blasr.align.tree_stats import ABSENT, TreeStats, moments_of

PHONES = (1, 2, 3, 4)
SILENCE = 1
CLASSES = dict.fromkeys(PHONES, 3)
ROOTS = [Root((phone,)) for phone in PHONES]
QUESTIONS = compile_questions([(1,), (2,), (3,), (4,), (2, 3), (3, 4), (2, 3, 4), PHONES], 3)


def random_stats(seed: int, frames: int = 30) -> TreeStats:
    """All triphones of three phones, and silence without context. Means depend on phone, state and neighbors."""
    random = np.random.default_rng(seed)
    effects = random.normal(0, 2.0, size=(3, 5, 4))
    windows, classes, moments = [], [], []
    for central, pdf_class in itertools.product(PHONES, range(3)):
        contexts = [(ABSENT, ABSENT)] if central == SILENCE else itertools.product((0, *PHONES), repeat=2)
        for left, right in contexts:
            mean = effects[1, central] * (1 + pdf_class) + effects[0, left] + effects[2, right]
            windows.append((left, central, right))
            classes.append(pdf_class)
            moments.append(moments_of(random.normal(mean, 1.0, size=(frames, 4))).sum(axis=0))
    return TreeStats(np.array(windows, np.int32), np.array(classes, np.int32), np.stack(moments), 1)
