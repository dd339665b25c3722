"""The published figures of Table 3."""

from __future__ import annotations

import pytest

from blasr.models import PAPER_NUM_PDFS, TABLE3, VARIANTS


def test_every_variant_of_the_paper_has_its_row() -> None:
    assert list(TABLE3) == list(VARIANTS)[: len(TABLE3)]
    assert PAPER_NUM_PDFS == 32000


@pytest.mark.parametrize("name", TABLE3)
def test_the_average_is_between_both_parts(name: str) -> None:
    row = TABLE3[name]
    assert row.wer_avg == pytest.approx((row.wer_swb + row.wer_ch) / 2, abs=0.021)  # the paper rounds the parts
