"""Data directories whose audio is in shards: equal samples, what is dropped, and runs that stopped."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data import DataDir, check_data_dir, pack_data_dir
from blasr.errors import ConfigError, DataError
from blasr.io import read_stored
from blasr.io.wav_header import read_wav_header
from tests.data.data_dirs import write
from tests.io.sphere_files import sphere_bytes

RANDOM = np.random.default_rng(1)
MB = 1 << 20


def noise(channels: int = 1) -> np.ndarray:
    return RANDOM.normal(0, 3000, (4000, channels)).astype(np.int16)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """One recording of every kind."""
    soundfile.write(tmp_path / "a.wav", noise(), 8000)
    soundfile.write(tmp_path / "b.flac", noise(), 8000, subtype="PCM_24")
    (tmp_path / "call.sph").write_bytes(sphere_bytes(noise(2), "ULAW", coding="ulaw", order="1"))
    (tmp_path / "call24.sph").write_bytes(sphere_bytes(noise(2), "PCM_24", coding="pcm", order="012"))
    soundfile.write(tmp_path / "stereo.wav", noise(2), 8000)
    entries = {
        "a": f"{tmp_path}/a.wav",
        "a-fast": f"sox -t wav {tmp_path}/a.wav -t wav - speed 1.1 |",
        "b": f"{tmp_path}/b.flac",
        "c-A": f"sph2pipe -f wav -p -c 1 {tmp_path}/call.sph |",
        "c-B": f"sph2pipe -f wav -p -c 2 {tmp_path}/call.sph |",
        "d": f"sph2pipe -f wav -p -c 2 {tmp_path}/call24.sph |",
        "e-A": f"{tmp_path}/stereo.wav",
        "e-B": f"{tmp_path}/stereo.wav",
        "f": f"cat {tmp_path}/a.wav |",
    }
    files = {
        "wav.scp": "".join(f"{key} {value}\n" for key, value in entries.items()),
        "segments": "".join(f"{key}-1 {key} 0.1 0.3\n" for key in entries),
        "utt2spk": "".join(f"{key}-1 {key}\n" for key in entries),
        "spk2utt": "".join(f"{key} {key}-1\n" for key in entries),
        "text": "".join(f"{key}-1 one two\n" for key in entries),
        "reco2file_and_channel": "".join(f"{key} {key[0]} {'B' if key.endswith('B') else 'A'}\n" for key in entries),
    }
    return write(tmp_path / "data", files)


def test_every_recording_has_the_same_samples(source: Path, tmp_path: Path) -> None:
    tally, report = pack_data_dir(source, tmp_path / "out", shard_bytes=MB, allow_pipes=True)
    assert (tally.kept, tally.total, report.kept, report.removed) == (7, 7, 9, {})  # two files are used twice
    assert check_data_dir(tmp_path / "out", open_audio=True) == []  # no command is left
    before, after = DataDir.read(source, allow_pipes=True), DataDir.read(tmp_path / "out")
    assert after.utterances == before.utterances
    for utterance in before.utterances:
        assert np.array_equal(after.read_audio(utterance)[0], before.read_audio(utterance)[0]), utterance.id
    with tarfile.open(tmp_path / "out" / "audio.000001.tar") as tar:
        stored = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    assert sorted(stored) == ["a.wav", "b.flac", "c-A.wav", "c-B.wav", "d.wav", "e-A.wav", "f.wav"]
    for name, file in (("a.wav", "a.wav"), ("b.flac", "b.flac"), ("e-A.wav", "stereo.wav")):
        assert stored[name] == (tmp_path / file).read_bytes()
    assert soundfile.info(io.BytesIO(stored["c-A.wav"])).subtype == "PCM_16"
    assert read_wav_header(io.BytesIO(stored["f.wav"]), len(stored["f.wav"])) is not None


def test_a_packed_directory_is_packed_again(source: Path, tmp_path: Path) -> None:
    pack_data_dir(source, tmp_path / "one", shard_bytes=MB, allow_pipes=True)
    pack_data_dir(tmp_path / "one", tmp_path / "two", shard_bytes=20_000)
    before, after = DataDir.read(tmp_path / "one"), DataDir.read(tmp_path / "two")
    assert len({entry.rpartition(":")[0] for entry in after.recordings.values()}) > 2
    for utterance in before.utterances:
        assert np.array_equal(after.read_audio(utterance)[0], before.read_audio(utterance)[0]), utterance.id


def test_bad_recordings_are_dropped_and_counted(source: Path, tmp_path: Path) -> None:
    (tmp_path / "b.flac").unlink()
    (tmp_path / "call24.sph").write_bytes((tmp_path / "call24.sph").read_bytes()[:-100])
    with pytest.raises(DataError, match=r"above the allowed 5\.0%"):
        pack_data_dir(source, tmp_path / "out", shard_bytes=MB, allow_pipes=True)
    assert not (tmp_path / "out" / "wav.scp").exists()
    tally, report = pack_data_dir(source, tmp_path / "out", shard_bytes=MB, max_loss=0.5, allow_pipes=True)
    assert tally.dropped == {"no such audio file": 1, "is truncated": 1}
    assert report.kept == 7
    assert check_data_dir(tmp_path / "out", open_audio=True) == []


def test_commands_run_only_if_allowed(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)1 is a command, first f.*commands are not allowed: pass --allow-pipes"):
        pack_data_dir(source, tmp_path / "out", shard_bytes=MB)
    tally, _ = pack_data_dir(source, tmp_path / "out", shard_bytes=MB, allow_pipes=True)
    assert tally.kept == 7  # although the first run left out a recording


def mtimes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("audio.*.tar")}


def test_shards_of_a_run_that_stopped_are_kept(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pack_data_dir(source, out, shard_bytes=9000, allow_pipes=True)
    contents = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    before = mtimes(out)
    assert len(before) >= 4
    (out / "wav.scp").unlink()
    (out / "audio.000002.json").unlink()  # as if it had stopped before the manifest
    third = out / "audio.000003.tar"
    third.write_bytes(third.read_bytes()[:-512])
    (out / ".audio.000004.1-ab.tmp.tar").write_bytes(b"unfinished")
    tally, _ = pack_data_dir(source, out, shard_bytes=9000, allow_pipes=True)
    assert tally.kept == tally.total == 7
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == contents
    after = mtimes(out)
    assert {name for name in after if after[name] != before[name]} == {"audio.000002.tar", "audio.000003.tar"}


def test_a_source_that_changed_is_stored_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pack_data_dir(source, out, shard_bytes=9000, allow_pipes=True)
    soundfile.write(tmp_path / "b.flac", noise(), 8000)
    pack_data_dir(source, out, shard_bytes=9000, allow_pipes=True)
    before, after = DataDir.read(source, allow_pipes=True), DataDir.read(out)
    for utterance in before.utterances:
        assert np.array_equal(after.read_audio(utterance)[0], before.read_audio(utterance)[0]), utterance.id
    pack_data_dir(source, out, shard_bytes=MB, allow_pipes=True)
    assert list(mtimes(out)) == ["audio.000001.tar"]  # those of smaller shards are gone


def test_a_killed_run_is_resumed(source: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from blasr.data import pack, pack_data_dir\n"
        "read, calls = pack.read_stored, []\n"
        "def stop(*a, **k):\n"
        "    calls.append(1)\n"
        "    return read(*a, **k) if len(calls) < 5 else os.kill(os.getpid(), 9)\n"
        "pack.read_stored = stop\n"
        "pack_data_dir(Path(sys.argv[1]), Path(sys.argv[2]), shard_bytes=9000, allow_pipes=True)\n"
    )
    out = tmp_path / "out"
    assert subprocess.run([sys.executable, "-c", program, str(source), str(out)], check=False).returncode == -9
    before = mtimes(out)
    assert before
    assert not (out / "wav.scp").exists()
    pack_data_dir(source, out, shard_bytes=9000, allow_pipes=True)
    assert before.items() <= mtimes(out).items()
    assert check_data_dir(out, open_audio=True) == []
    assert not list(out.glob(".audio*"))


def test_a_file_that_shrinks_while_it_is_read(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shrinking(*args: object, **options: object) -> object:
        audio = read_stored(*args, **options)  # type: ignore[arg-type]
        return type(audio)(audio.stream, audio.num_bytes + 1, audio.suffix)

    monkeypatch.setattr("blasr.data.pack.read_stored", shrinking)
    with pytest.raises(DataError, match=r"a\.wav: became shorter while it was read"):
        pack_data_dir(source, tmp_path / "out", shard_bytes=MB, allow_pipes=True)
    assert not list((tmp_path / "out").glob("*.tar"))


def test_what_cannot_be_packed(source: Path) -> None:
    with pytest.raises(ConfigError, match="is also the source"):
        pack_data_dir(source, source, shard_bytes=MB)
    (source / "wav.scp").unlink()
    with pytest.raises(DataError, match=r"wav\.scp: no such file"):
        pack_data_dir(source, source.parent / "out", shard_bytes=MB)
