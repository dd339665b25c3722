"""Entries of wav.scp: what is parsed, what is run, and the audio that they give."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.errors import DataError
from blasr.io.audio import AudioSelection, audio_info, read_segment
from blasr.io.recording_entry import RecordingEntry, is_pipe
from tests.io.sphere_files import sphere_bytes

CALL = np.random.default_rng(0).normal(0, 3000, (800, 2)).astype(np.int16)


@pytest.mark.parametrize(
    ("entry", "source", "channel", "speed"),
    [
        ("a.wav", "a.wav", None, 1.0),
        ("wav.ark:23", "wav.ark:23", None, 1.0),
        ("sox -t wav a b.wav -t wav - speed 0.9 |", "a b.wav", None, 0.9),
        ("sph2pipe -f wav -p -c 1 /swb/sw2001.sph |", "/swb/sw2001.sph", 0, 1.0),
        ("/kaldi/tools/sph2pipe_v2.5/sph2pipe  -f wav -p -c 2  /swb/sw2001.sph |", "/swb/sw2001.sph", 1, 1.0),
        ("sph2pipe -f wav /swb/a call.sph | ", "/swb/a call.sph", None, 1.0),
        ("sph2pipe -f wav -p -c 2 a.sph | sox -t wav - -t wav - speed 1.1 |", "a.sph", 1, 1.1),
        ("wav-copy wav.ark:23 - | sox -t wav - -t wav - speed 1.1 |", "wav.ark:23", None, 1.1),
    ],
)
def test_kaldis_commands_are_parsed_and_not_run(entry: str, source: str, channel: int | None, speed: float) -> None:
    parsed = RecordingEntry.parse(entry)
    assert (parsed.source, parsed.channel, parsed.speed, parsed.is_command) == (source, channel, speed, False)
    assert not is_pipe(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "sph2pipe -f raw -p -c 1 a.sph |",
        "sph2pipe -f wav -u -c 1 a.sph |",
        "sph2pipe -f wav -t 1:2 a.sph |",
        "sph2pipe -f wav -p -c 3 a.sph |",
        "sph2pipe -f wav -p -c 1 'a.sph' |",
        "sph2pipe -f wav -p -c 1 $swb/a.sph |",
        "sph2pipe -f wav -p -c 1 a.sph | sox -t wav - -r 8000 -t wav - |",
        "cat x | sox -t wav - -t wav - speed 0.9 |",
        "sox -t wav - -t wav - speed 0.9 |",
        "sox -t wav a.wav -t wav - speed 9 |",
        "notsph2pipe -f wav a.sph |",
    ],
)
def test_other_commands_stay_commands(entry: str) -> None:
    assert RecordingEntry.parse(entry) == RecordingEntry(entry)
    assert is_pipe(entry)


@pytest.fixture
def call(tmp_path: Path) -> Path:
    (tmp_path / "call.sph").write_bytes(sphere_bytes(CALL, "ULAW", coding="ulaw", order="1"))
    return tmp_path / "call.sph"


def test_a_side_of_a_call_has_one_channel(call: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "call.wav", CALL, 8000, subtype="ULAW")
    expected, _ = soundfile.read(tmp_path / "call.wav", dtype="int16")
    entry = f"sph2pipe -f wav -p -c 2 {call} |"
    info = audio_info(entry, verify=True)
    assert (info.num_samples, info.num_channels) == (800, 1)
    for selection in (
        AudioSelection(),
        AudioSelection(channel=0),
        AudioSelection(channel=1, mono_has_any_channel=True),
    ):
        assert np.array_equal(read_segment(entry, selection)[0], expected[:, 1])
    faster = f"sph2pipe -f wav -p -c 1 {call} | sox -t wav - -t wav - speed 2 |"
    assert audio_info(faster).num_samples == 400
    assert np.array_equal(read_segment(faster, AudioSelection(0.01, 0.02))[0], expected[160:320, 0])


def test_a_channel_that_the_file_lacks(call: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"call\.sph: has one channel, .* no channel 1"):
        read_segment(f"sph2pipe -f wav -p -c 1 {call} |", AudioSelection(channel=1))
    (tmp_path / "mono.sph").write_bytes(sphere_bytes(CALL[:, 0], "ULAW", coding="ulaw", order="1"))
    with pytest.raises(DataError, match=r"mono\.sph: has one channel, .* no channel 1"):
        audio_info(f"sph2pipe -f wav -p -c 2 {tmp_path / 'mono.sph'} |")


def test_a_compressed_file_is_expanded_by_the_users_sph2pipe_if_allowed(call: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "side.wav", CALL[:, 1], 8000)
    program = tmp_path / "bin" / "sph2pipe"  # stands for NIST's, which this test cannot require
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n[ \"$*\" = '-f wav -p -c 2 {call}' ] && exec cat {tmp_path / 'side.wav'}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    call.write_bytes(
        call.read_bytes().replace(b"-s4 ulaw", b"-s26 ulaw,embedded-shorten-v2.00").replace(b" " * 28, b"", 1)
    )
    entry = f"{program} -f wav -p -c 2 {call} |"
    with pytest.raises(DataError, match=r"(?s)compressed with shorten.*--allow-pipes"):
        read_segment(entry, AudioSelection())
    assert np.array_equal(read_segment(entry, AudioSelection(), allow_pipes=True)[0], CALL[:, 1])
    assert audio_info(entry, allow_pipes=True).num_channels == 1
