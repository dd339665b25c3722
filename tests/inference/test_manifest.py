"""Manifests: what a later stage refuses, and the joining of jobs' dumps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blasr.data.data_dir import DataDir
from blasr.errors import BlasrError, DataError, FormatError, MismatchError
from blasr.hmm.tree import monophone_tree
from blasr.inference import write_dump
from blasr.inference.manifest import Manifest, check_loglikes, combine_dumps, data_entry, file_entry
from blasr.io.kaldi.tables import read_matrices
from blasr.tally import Tally


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A data directory, weights and a tree, in a folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "a.wav").write_bytes(b"audio")
    (tmp_path / "data" / "wav.scp").write_text("".join(f"{name} {tmp_path}/a.wav\n" for name in "abc"))
    (tmp_path / "data" / "utt2spk").write_text("".join(f"{name} {name}\n" for name in "abc"))
    (tmp_path / "weights").write_bytes(b"weights of epoch 1")
    monophone_tree([[1], [2]], {1: 3, 2: 3}).write(tmp_path / "tree")
    return tmp_path


def dump(inputs: Path, name: str, utterances: str, **more: Any) -> Path:
    priors = {"scale": 1.0, "source": "exp/tri_ali", "floor": 1e-5, "floored": 0}
    manifest = {
        "values": "log p(s|x) - prior_scale * log p(s)",
        "data": data_entry(DataDir.read(inputs / "data")),
        "weights": {**file_entry(inputs / "weights"), "of": "epoch 1"},
        "tree": file_entry(inputs / "tree"),
        "priors": priors,
        **more,
    }
    matrices = [(utterance, np.zeros((2, 6), np.float32)) for utterance in utterances]
    out = inputs / name
    write_dump(out, matrices, num_pdfs=6, asked=len(utterances), tally=Tally("dump"), manifest=manifest)
    return out


def test_a_complete_dump_is_accepted_and_logged(inputs: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    out = dump(inputs, "out", "abc")
    for table in (f"scp:{out}/loglikes.scp", f"ark:{out}/loglikes.ark", f"{out}/loglikes.ark", f"scp,p:{out}/l.scp"):
        manifest = check_loglikes(table, inputs / "tree")
        assert manifest is not None and manifest.written == 3
    assert "epoch 1" in caplog.text and "prior scale 1, priors of exp/tri_ali, floor 1e-05" in caplog.text


def test_archives_of_other_programs_have_none(inputs: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert check_loglikes(f"ark:{inputs}/kaldi.ark", inputs / "tree") is None
    assert "has no manifest.json beside it" in caplog.text


def change_data(inputs: Path, out: Path) -> None:
    (inputs / "data" / "utt2spk").write_text("a a\nb a\nc c\n")


def retrain(inputs: Path, out: Path) -> None:
    (inputs / "weights").write_bytes(b"weights of epoch 2")


def change_tree(inputs: Path, out: Path) -> None:
    monophone_tree([[1, 2]], {1: 3, 2: 3}).write(inputs / "tree")


def truncate(inputs: Path, out: Path) -> None:
    (out / "loglikes.ark").write_bytes((out / "loglikes.ark").read_bytes()[:-10])


def remove(inputs: Path, out: Path) -> None:
    (out / "loglikes.ark").unlink()


def break_off(inputs: Path, out: Path) -> None:
    values = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**values, "complete": False}))


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [
        (change_data, MismatchError, "stale: the data directory .*data has changed since the dump"),
        (retrain, MismatchError, "stale: the weights .*weights has changed since the dump"),
        (change_tree, MismatchError, "stale: the tree"),
        (truncate, DataError, "bytes, the dump wrote"),
        (remove, DataError, "is missing"),
        (break_off, DataError, "was not finished"),
    ],
)
def test_stale_and_partial_dumps_are_refused(inputs: Path, harm: Any, error: type[BlasrError], message: str) -> None:
    out = dump(inputs, "out", "abc")
    harm(inputs, out)
    with pytest.raises(error, match=message) as caught:
        check_loglikes(f"scp:{out}/loglikes.scp", inputs / "none")
    assert caught.value.path == out / "manifest.json"
    assert caught.value.fix and "blasr dump" in caught.value.fix


def test_transcripts_may_change(inputs: Path) -> None:
    out = dump(inputs, "out", "abc")
    (inputs / "data" / "text").write_text("a one\nb two\nc three\n")
    assert check_loglikes(f"{out}/loglikes.ark", inputs / "tree") is not None


def test_another_tree_is_refused_and_the_same_one_in_text_is_not(inputs: Path) -> None:
    out = dump(inputs, "out", "abc")
    monophone_tree([[1], [2]], {1: 3, 2: 3}).write(inputs / "text_tree", binary=False)
    assert check_loglikes(f"{out}/loglikes.ark", inputs / "text_tree") is not None
    monophone_tree([[1, 2]], {1: 3, 2: 3}).write(inputs / "other_tree")
    with pytest.raises(MismatchError, match=r"belong to the tree .*/tree \(SHA-256 .*the decoder's is .*other_tree"):
        check_loglikes(f"{out}/loglikes.ark", inputs / "other_tree")


def test_all_utterances_of_a_dump_must_be_read(inputs: Path) -> None:
    manifest = Manifest.read(dump(inputs, "out", "abc") / "manifest.json")
    items = list(read_matrices(inputs / "out" / "loglikes.ark"))
    assert [name for name, _ in manifest.all_read(items)] == ["a", "b", "c"]
    with pytest.raises(DataError, match="2 utterances were read, the dump wrote 3"):
        list(manifest.all_read(items[:2]))


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_no_manifest(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(FormatError, match="is not a manifest"):
        check_loglikes(f"{tmp_path}/loglikes.ark", tmp_path / "tree")


def test_joining_the_dumps_of_jobs(inputs: Path) -> None:
    parts = [dump(inputs, "dump.1", "bc"), dump(inputs, "dump.2", "a")]
    manifest = combine_dumps(inputs / "all", parts)
    assert manifest.values["utterances"] == {"asked": 3, "written": 3, "dropped": {}}
    assert manifest.values["frames"] == 6
    manifest.check()
    assert [name for name, _ in read_matrices(f"scp:{inputs}/all/loglikes.scp")] == ["a", "b", "c"]
    truncate(inputs, parts[1])
    with pytest.raises(DataError, match="bytes, the dump wrote"):
        manifest.check()


def test_dumps_of_different_networks_are_refused(inputs: Path) -> None:
    first = dump(inputs, "dump.1", "ab")
    with pytest.raises(DataError, match="appears in two of the dumps"):
        combine_dumps(inputs / "all", [first, dump(inputs, "dump.2", "bc")])
    other = dump(inputs, "dump.3", "c", priors={"scale": 0.0, "source": "x", "floor": 0.0, "floored": 0})
    with pytest.raises(MismatchError, match="priors differs from that of"):
        combine_dumps(inputs / "all", [first, other])
    assert not (inputs / "all").exists()
    shutil.rmtree(other)
    with pytest.raises(FormatError):
        combine_dumps(inputs / "all", [first, other])
