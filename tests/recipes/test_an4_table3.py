"""The rows of table3.sh, the table made from them, and a small run on the corpus."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from blasr.errors import DataError, FormatError
from blasr.models import TABLE3, summarize
from recipes.an4.runs import Run, read_runs
from recipes.an4.table3 import write_table
from recipes.an4.variants import AlignedRuns, accuracy, common_runs, cost

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "recipes" / "an4" / "table3.sh"
WORDS = ["A", "B", "C", "D"]


def run_row(variant: str, fold: int, seed: int, errors: int) -> Run:
    return Run(
        run=f"fold{fold}of2/{variant}_seed{seed}",
        variant=variant,
        fold=f"fold{fold}of2",
        seed=seed,
        width=0.125,
        epochs=3,
        num_pdfs=400,
        device="cpu",
        precision="bfloat16",
        errors=errors,
        words=120,
        lm_weight=10.0,
        word_insertion_penalty=0.0,
        frame_accuracy=0.5 + 0.1 * fold,
        dev_frames=1000 * (fold + 1),
        train_seconds=200.0,
        train_processor_seconds=100.0,
        test_seconds=30.0,
        test_processor_seconds=10.0 if variant == "resnet22" else 8.0,
        test_frames=36000,
        data=f"data{fold}",
    )


def write_run(folder: Path, variant: str, fold: int, seed: int, errors_by_speaker: tuple[int, int, int]) -> Run:
    """Write the hypotheses of a run: three speakers with ten utterances each, the first of them wrong in one word."""
    data = folder / f"data{fold}"
    data.mkdir(exist_ok=True)
    run = run_row(variant, fold, seed, sum(errors_by_speaker))
    (folder / run.run / "test").mkdir(parents=True)
    text, utt2spk, hypotheses = [], [], []
    for speaker, errors in enumerate(errors_by_speaker):
        for number in range(10):
            name = f"f{fold}s{speaker}-u{number}"
            text.append(f"{name} {' '.join(WORDS)}\n")
            utt2spk.append(f"{name} f{fold}s{speaker}\n")
            hypotheses.append(f"{name} {' '.join(['X', *WORDS[1:]] if number < errors else WORDS)}\n")
    (data / "text").write_text("".join(text))
    (data / "utt2spk").write_text("".join(utt2spk))
    (folder / run.run / "test" / "hyp.txt").write_text("".join(hypotheses))
    with (folder / "runs.jsonl").open("a") as stream:
        stream.write(json.dumps(asdict(run)) + "\n")
    return run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """resnet22 with two folds and two seeds; bl_resnet22_a2b3 without the second fold of the second seed."""
    for seed in range(2):
        for fold in range(2):
            write_run(tmp_path, "resnet22", fold, seed, (6, 2, seed))
            if (seed, fold) != (1, 1):
                write_run(tmp_path, "bl_resnet22_a2b3", fold, seed, (5, 2, seed))
    return tmp_path / "runs.jsonl"


def test_common_runs_have_the_same_folds_and_seeds(runs: Path) -> None:
    rows = read_runs(runs)
    baseline, variant = ([run for run in rows if run.variant == name] for name in ("resnet22", "bl_resnet22_a2b3"))
    first, second = common_runs(baseline, variant)
    assert [(run.fold, run.seed) for run in first] == [(run.fold, run.seed) for run in second]
    assert len(first) == 3


def test_accuracy_is_pooled_and_compared_on_common_runs(runs: Path) -> None:
    rows = read_runs(runs)
    baseline, variant = ([run for run in rows if run.variant == name] for name in ("resnet22", "bl_resnet22_a2b3"))
    aligned = AlignedRuns(runs.parent, rows)
    found = accuracy(variant, baseline, aligned)
    errors = 7 + 7 + 8
    assert (found.score.counts.errors, found.score.counts.reference_words) == (errors, 360)
    assert found.score.speakers == 6
    assert found.by_seed == {0: pytest.approx(100 * 14 / 240), 1: pytest.approx(100 * 8 / 120)}
    assert found.gain is not None
    assert found.gain.difference == pytest.approx(100 * (errors - (8 + 8 + 9)) / 360)  # without seed 1, fold 1
    assert found.gain.interval.low < found.gain.difference < found.gain.interval.high <= 0
    assert found.p_values.keys() == {0, 1}
    assert found.frame_accuracy == pytest.approx((2 * 0.5 * 1000 + 0.6 * 2000) / 4000)
    assert accuracy(baseline, baseline, aligned).gain is None


def test_cost_compares_processor_time_and_macs(runs: Path) -> None:
    rows = read_runs(runs)
    baseline, variant = ([run for run in rows if run.variant == name] for name in ("resnet22", "bl_resnet22_a2b3"))
    found = cost(variant, baseline)
    macs = [summarize(name, num_pdfs=400, width=0.125).macs for name in ("resnet22", "bl_resnet22_a2b3")]
    assert found.macs == macs[1] and found.macs_ratio == pytest.approx(macs[0] / macs[1])
    assert found.speed_up == pytest.approx(10 / 8)
    assert found.test_seconds == pytest.approx(80.0)  # 8 s for 360 s of speech
    assert found.train_seconds == 100
    on_gpu = [replace(run, device="a GPU") for run in variant]
    assert cost(on_gpu, []).train_seconds == 200  # the clock


def test_the_table_names_what_is_missing(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(runs, runs.parent / "TABLE3.md")
    text = (runs.parent / "TABLE3.md").read_text()
    assert "| resnet22 | 4 | 480 | 7.08 |" in text
    assert "- bl_resnet22_a2b3: fold1of2 with seed 1" in text
    assert "- bl_resnet22_a4b3: nothing" in text
    assert "- of all variants: a third seed, full width, a GPU" in text
    assert "- bl_resnet22_a2b3 is not shown to differ from resnet22" in text
    assert text.count("\n| resnet22 | 0of2 |") == 2
    assert "| bl_resnet22_a2b3 | 3 | 360 | 6.11 |" in capsys.readouterr().out


def test_rows_of_different_settings_and_broken_rows_are_refused(runs: Path) -> None:
    row = json.dumps(asdict(replace(read_runs(runs)[0], run="x", epochs=4)))
    runs.write_text(runs.read_text() + row + "\n")
    with pytest.raises(DataError, match="found runs with epochs 3 and 4"):
        write_table(runs, runs.parent / "TABLE3.md")
    runs.write_text('{"run": "x"}\n')
    with pytest.raises(FormatError, match="jsonl:1: is not a row"):
        write_table(runs, runs.parent / "TABLE3.md")
    assert not (runs.parent / "TABLE3.md").exists()


def test_the_script_is_short_and_has_every_variant() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) < 80
    assert all(name in text for name in TABLE3)


@pytest.mark.slow
def test_a_run_is_recorded_and_not_repeated(an4_dir: Path, tmp_path: Path) -> None:
    """Eight speakers in two folds, one epoch of the smallest width: the row, the table, and a second call."""
    corpus = small_corpus(an4_dir, tmp_path / "corpus")
    arguments = ["--work", str(tmp_path / "work"), "--variants", "resnet22 bl_resnet22_a4b2", "--num-folds", "2"]
    arguments += ["--folds", "0", "--seeds", "0", "--width", "0.03125", "--epochs", "1", "--dev-speakers", "1"]
    command = ["bash", str(SCRIPT), str(corpus), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "work" / "16000" / "w0.03125_e1"
    rows = read_runs(folder / "runs.jsonl")
    assert [run.run for run in rows] == ["fold0of2/resnet22_seed0", "fold0of2/bl_resnet22_a4b2_seed0"]
    assert all(0 < run.frame_accuracy < 1 and run.train_processor_seconds > 0 for run in rows)
    assert rows[0].words == rows[1].words > 50
    assert "| bl_resnet22_a4b2 | 1 |" in (folder / "TABLE3.md").read_text()
    before = (folder / "runs.jsonl").read_bytes()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0 and "== fold0of2" not in result.stderr
    assert (folder / "runs.jsonl").read_bytes() == before


def small_corpus(source: Path, target: Path) -> Path:
    """Write the part of the corpus with four women and four men, its audio as links."""
    etc = target / "etc"
    etc.mkdir(parents=True)
    for name in ("an4.dic", "an4.lm"):
        (etc / name).symlink_to(source / "etc" / name)
    folders = sorted(path for path in (source / "wav" / "an4_clstk").iterdir() if path.is_dir())
    speakers = {path.name for sex in "fm" for path in [item for item in folders if item.name.startswith(sex)][:4]}
    for speaker in speakers:
        link = target / "wav" / "an4_clstk" / speaker
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(source / "wav" / "an4_clstk" / speaker)
    for part in ("train", "test"):
        names = (source / "etc" / f"an4_{part}.fileids").read_text().splitlines()
        transcripts = (source / "etc" / f"an4_{part}.transcription").read_text().splitlines()
        kept = [index for index, name in enumerate(names) if name.split("/")[1] in speakers]
        (etc / f"an4_{part}.fileids").write_text("".join(f"{names[index]}\n" for index in kept))
        (etc / f"an4_{part}.transcription").write_text("".join(f"{transcripts[index]}\n" for index in kept))
    return target
