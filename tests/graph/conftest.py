"""Systems over a small lexicon, and the golden system of Kaldi."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.graph.config import LangConfig
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.hmm.transition_model import read_transition_model
from blasr.hmm.tree import read_tree
from tests.graph.systems import LEXICON, System, make_system


@pytest.fixture(scope="session")
def tri1(golden: Path) -> Path:
    """A triphone model trained by Kaldi."""
    return golden / "fsdd_tri1"


@pytest.fixture(scope="session")
def kaldi(tri1: Path) -> System:
    return System(Lang.read(tri1 / "lang"), read_tree(tri1 / "tree"), read_transition_model(tri1 / "final.mdl"))


@pytest.fixture(scope="session", params=[False, True], ids=["plain", "positions"])
def lang(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lang:
    return make_lang(
        LEXICON,
        tmp_path_factory.mktemp("graph") / "lang",
        LangConfig(
            silence_phones=["SIL", "SPN"], oov="<UNK>", silence_probability=0.4, position_dependent=request.param
        ),
    )


@pytest.fixture(scope="session", params=[(1, 0), (3, 1), (2, 1), (2, 0)], ids=["mono", "tri", "left", "right"])
def system(request: pytest.FixtureRequest, lang: Lang) -> System:
    return make_system(lang, *request.param)
