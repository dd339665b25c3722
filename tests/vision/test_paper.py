"""Every published row against our counts: parameters to the last digit, MACs within 1%."""

from __future__ import annotations

import math
from functools import cache

import pytest

import blasr.vision
from blasr.vision import VARIANTS, ImageSummary
from blasr.vision.paper import TABLES, PublishedImageFigures


@cache
def counted(name: str, image_size: int) -> ImageSummary:
    return blasr.vision.summarize(name, image_size=image_size)


def summarize(name: str, image_size: int = 224) -> ImageSummary:
    """Each model is counted once."""
    return counted(name, image_size)


TRUNCATED = {"resnet50", "resnet101", "resnext101_32x4d", "bl_resnet50_a2b4_m1"}
"""Rows whose published parameters are cut off after two digits; the others are rounded."""

# Parameters and MACs of one 3 x 224 x 224 image, 1000 classes.
EXACT = {
    "resnet50": (25557032, 4089184256),
    "bl_resnet50_a2b2": (26974632, 2910650368),
    "bl_resnet50_a2b4": (26694568, 2856058880),
    "bl_resnet50_a4b4": (26236456, 2477129728),
    "bl_resnet50_a2b4_concat": (20569576, 2013102080),
    "bl_resnet50_a2b4_k3": (27228776, 3917856768),
    "bl_resnet50_a2b4_m1": (26649384, 2637692928),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_counts(name: str) -> None:
    summary = summarize(name)
    assert (summary.params, summary.macs) == EXACT[name]


@pytest.mark.parametrize("row", [row for row in TABLES if row.table != 9], ids=lambda row: f"{row.table}-{row.name}")
def test_counts(row: PublishedImageFigures) -> None:
    summary = summarize(row.model, image_size=row.image_size)
    assert summary.macs / 1e9 == pytest.approx(row.gmacs, rel=0.01)
    if row.name == "resnet101_lowres":  # Table 6 contradicts itself: its two rows differ by less than their networks
        assert summary.params / 1e6 == pytest.approx(44.59, abs=0.005)
    elif row.name in TRUNCATED:
        assert math.floor(summary.params / 1e4) / 100 == row.params_m
    else:
        assert round(summary.params / 1e6, 2) == row.params_m


def test_table_6_contradicts_itself() -> None:
    """Low resolution adds the same to ResNet-50 and ResNet-101; no number fits both rows, whether rounded or cut off.

    A published 25.60 stands for anything from 25.595 to 25.610.
    """
    published = {row.name: row.params_m for row in TABLES}
    plain = {name: summarize(name).params / 1e6 for name in ("resnet50", "resnet101")}
    added = {name: published[f"{name}_lowres"] - params for name, params in plain.items()}
    assert summarize("resnet50_lowres").params / 1e6 - plain["resnet50"] == pytest.approx(added["resnet50"], abs=0.005)
    assert added["resnet50"] - 0.005 > added["resnet101"] + 0.01


@pytest.mark.parametrize("row", [row for row in TABLES if row.table == 9], ids=lambda row: row.name)
def test_shufflenet(row: PublishedImageFigures) -> None:
    """The plain form within 2%; the big-little form, whose structure is not published, within 1% and 5%."""
    summary = summarize(row.model, image_size=row.image_size)
    big_little = row.name.startswith("bl_")
    assert summary.macs / 1e9 == pytest.approx(row.gmacs, rel=0.05 if big_little else 0.02)
    if row.name != "bl_shufflenet_v2_x1_5@256":
        assert summary.params / 1e6 == pytest.approx(row.params_m, rel=0.01)


def test_ratios_of_table_1_and_2() -> None:
    """The savings that the paper prints beside its figures."""
    for plain, big_little, ratio in (
        ("resnet50", "bl_resnet50_a2b4", 1.44),
        ("resnet101", "bl_resnet101_a2b4", 2.01),
        ("resnet152", "bl_resnet152_a2b4", 2.28),
        ("resnext101_64x4d", "bl_resnext101_64x4d_a2b4", 2.17),
    ):
        assert summarize(plain).macs / summarize(big_little).macs == pytest.approx(ratio, abs=0.02)


def test_every_published_model_is_a_variant() -> None:
    assert {row.model for row in TABLES} <= set(VARIANTS)


@pytest.mark.parametrize("name", ["resnet50", "bl_resnet50_a2b4", "bl_resnet50_a2b4_k3", "bl_resnet50_a2b4_m1"])
def test_parts_add_up(name: str) -> None:
    summary = summarize(name)
    assert sum(part.params for part in summary.parts) == summary.params
    assert sum(part.macs for part in summary.parts) == summary.macs
    assert summary.parts[-1].output == (1000,)


def test_output_sizes_of_table_5() -> None:
    sizes = {part.name: part.output for part in summarize("bl_resnet101_a2b4").parts}
    assert sizes == {
        "stem": (64, 112, 112),
        "stage0": (64, 56, 56),
        "transition0": (64, 56, 56),
        "stage1": (256, 56, 56),
        "transition1": (256, 28, 28),
        "stage2": (512, 28, 28),
        "transition2": (512, 14, 14),
        "stage3": (1024, 14, 14),
        "transition3": (1024, 14, 14),
        "stage4": (2048, 7, 7),
        "classifier": (1000,),
    }
