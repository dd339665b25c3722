"""CIFAR-10's images become a folder, and the table compares the forms of a network."""

from __future__ import annotations

import math
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blasr.config import load_config
from blasr.errors import DataError, FormatError
from blasr.pipeline.vision import ImageCascadeTuneConfig, VisionRunConfig, train_vision, tune_image_cascade
from recipes.cifar10.cascade_table import write_cascade_table
from recipes.cifar10.halves import write_halves
from recipes.cifar10.prepare import prepare
from recipes.cifar10.results import paired_difference, write_results

CONF = Path(__file__).parents[2] / "conf" / "vision"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Noise in two classes, brighter in one."""
    random = np.random.default_rng(0)
    for part, count in (("train", 20), ("test", 8)):
        for label, name in enumerate(("cat", "dog")):
            (tmp_path / "corpus" / part / name).mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(60 * label, 150 + 60 * label, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(tmp_path / "corpus" / part / name / f"{index:04d}.jpg")
    return tmp_path / "corpus"


def test_an_archive_and_a_folder_give_the_same(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(tmp_path / "corpus.tar.gz", "w:gz") as tar:
        for part in ("train", "test"):
            tar.add(corpus / part, part)
        tar.add(corpus / "train" / "cat" / "0000.jpg", "train/../../outside.jpg")
    prepare(tmp_path / "corpus.tar.gz", tmp_path / "one")
    assert not list(tmp_path.rglob("outside.jpg"))
    prepare(corpus, tmp_path / "other")
    assert "40 images to train on, 16 to test, 2 classes" in capsys.readouterr().out
    files = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.jpg")}
        for folder in (tmp_path / "one", tmp_path / "other")
    ]
    assert files[0] == files[1] and len(files[0]) == 56
    prepare(corpus, tmp_path / "part", limit=3)
    assert "6 images to train on, 6 to test" in capsys.readouterr().out


def test_what_is_no_corpus(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        prepare(tmp_path / "absent", tmp_path / "out")
    (tmp_path / "bad.tar.gz").write_bytes(b"no archive")
    with pytest.raises(FormatError, match="is not a readable tar archive"):
        prepare(tmp_path / "bad.tar.gz", tmp_path / "out")
    (corpus / "test" / "dog").rename(corpus / "test" / "wolf")
    with pytest.raises(DataError, match=r"train has the classes \('cat', 'dog'\), test \('cat', 'wolf'\)"):
        prepare(corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_paired_difference() -> None:
    one, other = [True] * 6 + [False] * 4, [True] * 3 + [False] * 7
    assert paired_difference(one, other) == pytest.approx((0.3, 1.96 * math.sqrt((3 - 0.9) / 100)))
    assert paired_difference(one, one) == (0.0, 0.0)


def test_the_table_has_every_form(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    prepare(corpus, work / "data")
    common = [
        f"data.train={work}/data/train", f"data.valid={work}/data/test", "data.batch_size=20", "model.name=resnet20",
        "model.width=0.25", "training.epochs=1", "training.precision=float32",
    ]  # fmt: skip
    train_vision(load_config(VisionRunConfig, CONF / "cifar10_resnet20.yaml", [*common, f"experiment={work}/resnet20"]))
    second = [f"experiment={work}/resnet20_patterns", f"initialize_from={work}/resnet20"]
    train_vision(load_config(VisionRunConfig, CONF / "cifar10_resnet20_patterns.yaml", [*common, *second]))
    write_results(work, ["resnet20"], "the command", tmp_path / "RESULTS.md")
    text = (tmp_path / "RESULTS.md").read_text()
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| resnet20")]
    assert [line[1] for line in lines] == ["float", "patterns, not trained further", "patterns"]
    sizes = [(work / name / "final.safetensors").stat().st_size for name in ("resnet20", "resnet20_patterns")]
    assert [line[2] for line in lines] == [f"{sizes[0]:,}", "", f"{sizes[1]:,}"]
    assert lines[2][3] == f"{100 * (1 - sizes[1] / sizes[0]):.1f}%" and lines[2][6][0] in "+-"
    assert "the command" in text and "16 test images" in text
    kept = (work / "predictions.json").read_bytes()
    write_results(work, ["resnet20"], "the command", tmp_path / "RESULTS.md")
    assert (work / "predictions.json").read_bytes() == kept and (tmp_path / "RESULTS.md").read_text() == text


def test_the_table_of_a_cascade(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    prepare(corpus, work / "data")
    write_halves(work / "data" / "test", work / "halves")
    assert "8 images held out, 8 for the test" in capsys.readouterr().out
    halves = [{path.name for path in (work / "halves" / half / "cat").iterdir()} for half in ("held_out", "test")]
    assert halves == [{f"{index:04d}.jpg" for index in range(start, 8, 2)} for start in (0, 1)]
    for width, epochs in ((0.25, 1), (1, 4)):
        options = [
            f"data.train={work}/data/train", f"data.valid={work}/data/test", "data.batch_size=20",
            f"model.width={width}", f"training.epochs={epochs}", "training.precision=float32",
            "training.schedule.warmup_epochs=0.5", f"experiment={work}/w{width}",
        ]  # fmt: skip
        train_vision(load_config(VisionRunConfig, CONF / "cifar10_resnet20.yaml", options))
    config = ImageCascadeTuneConfig(max_degradation=100, num_thresholds=3, picture=False)
    tune_image_cascade(work / "w0.25", work / "w1", work / "data" / "train", work / "cascade", config)
    write_cascade_table([work / "cascade"], work / "halves" / "test", "the command", work / "CASCADE.md")
    text = (work / "CASCADE.md").read_text()
    assert "8 test images" in text and "the command" in text
    little, cascade, big = ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[-3:])
    assert little[:3] == ["cascade: little", "0", "0.0"] and big[:4] == ["cascade: big", "1.01", "100.0", "100.0"]
    assert 6 < float(little[3]) < 8  # a sixteenth of the MACs, and the parts that do not shrink with the width
    assert float(cascade[3]) == pytest.approx(float(little[3]) + float(cascade[2]), abs=0.11)
