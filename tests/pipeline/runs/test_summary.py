"""The table has the last figures of a run, and a dash for what it does not have."""

from __future__ import annotations

from pathlib import Path

from blasr.pipeline.runs.curves import read_curves
from blasr.pipeline.runs.summary import ABSENT, epoch_header, epoch_row, summary_header, summary_row
from tests.pipeline.runs.small_runs import write_run


def test_a_finished_and_a_starting_run(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / "a"), write_run(tmp_path / "b", epochs=0, unfinished_steps=3, unit="images")]
    done, starting = read_curves(folders)
    assert summary_row(done) == ("a", "2", "80", "0.1118", "0.1342", "epoch 2", "40.00%", "1,080", "5.00%")
    assert summary_row(starting) == ("b", "0", "30", "0.1826", ABSENT, ABSENT, ABSENT, "1,030", "5.00%")
    assert summary_header([starting])[7] == "images/s"
    assert dict(zip(epoch_header(done), epoch_row(done, done.epochs[1]), strict=True)) == {
        "epoch": "2", "step": "80", "loss": "0.1118", "accuracy": "58.00%", "held-out loss": "0.1342",
        "held-out accuracy": "40.00%", "learning rate": "0.05", "frames/s": "1,080", "waiting": "5.00%",
    }  # fmt: skip
