"""recipes/swbd on discs in LDC's layouts: what is read, what is dropped and why, and which inputs are errors."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.data.data_dir import DataDir
from blasr.errors import FormatError
from blasr.io.nist.stm import read_stm
from blasr.lattices.config import PathWeights
from blasr.pipeline.tuned_setting import TunedSetting
from blasr.tally import Tally
from recipes.swbd import prepare_fisher, prepare_swbd1
from recipes.swbd.combine import hold_out, limit_repeats
from recipes.swbd.rehearsal.conversations import Conversation, SpokenTurn, place, plan
from recipes.swbd.rehearsal.layouts import write_fisher, write_hub5, write_rt02, write_swbd1
from recipes.swbd.transcripts import parse_span, read_lines

ROOT = Path(__file__).parents[2]
TURNS = (
    SpokenTurn("A", 0.5, 2.0, ("uh", "i", "watch", "the", "news", "on", "tv")),
    SpokenTurn("B", 1.0, 1.6, ("LAUGHED",)),
    SpokenTurn("B", 2.5, 4.0, ("the", "PARTIAL", "weather", "is", "MISPRONOUNCED", "very", "nice")),
    SpokenTurn("A", 4.2, 4.8, ("LAUGH",)),
)


def conversation(name: str) -> Conversation:
    samples = np.random.default_rng(list(name.encode())).integers(-9000, 9000, (5 * 8000, 2)).astype(np.int16)
    return Conversation(name, ("m1", "f1"), samples, TURNS)


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    root = tmp_path / "ldc"
    write_swbd1(root, [conversation("2001"), conversation("2002")])
    write_fisher(root, [conversation("fe_03_00001")], 1)
    write_fisher(root, [conversation("fe_03_05851")], 2)
    write_rt02(root, [conversation("sw_30001")])
    write_hub5(root, [conversation("sw_4390"), conversation("en_4156")])
    return root


def run(module: str, *arguments: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"recipes.swbd.{module}", *map(str, arguments)]
    environment = {**os.environ, "PATH": path} if path is not None else None
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


def swbd1(discs: Path, out: Path, **options: str | None) -> subprocess.CompletedProcess[str]:
    folders = ("--swbd1", discs / "LDC97S62", "--ms98", discs / "swb_ms98_transcriptions")
    return run("prepare_swbd1", *folders, "--expanded", out.parent / "expanded", "--out", out, **options)


def fisher(discs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    folders = [discs / name for name in ("LDC2004S13", "LDC2004T19", "LDC2005S13", "LDC2005T19")]
    return run("prepare_fisher", "--fisher", *folders, "--expanded", out.parent / "expanded", "--out", out)


def hub5(discs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    folders = ("--hub5-speech", discs / "LDC2002S09", "--hub5-text", discs / "LDC2002T43")
    return run("prepare_hub5", *folders, "--expanded", out.parent / "expanded", "--out", out)


def rt02(discs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    folders = ("--rt02", discs / "LDC2004S11", "--hub5-text", discs / "LDC2002T43")
    return run("prepare_hub5", *folders, "--expanded", out.parent / "expanded", "--out", out)


def test_switchboard(discs: Path, tmp_path: Path) -> None:
    result = swbd1(discs, tmp_path / "swbd1")
    assert result.returncode == 0, result.stderr
    assert "20 segments in -> 8 kept -> 12 dropped (12 silence only, first sw2001A-ms98-a-0001)" in result.stdout
    data = DataDir.read(tmp_path / "swbd1", need_text=True)
    found = {item.id: " ".join(item.words or ()) for item in data.utterances if item.recording.startswith("sw02001")}
    assert found == {
        "sw02001-A_000050-000200": "uh i watch the news on t._v.",
        "sw02001-A_000420-000480": "[laughter]",
        "sw02001-B_000100-000160": "yeah",
        "sw02001-B_000250-000400": "the wea- weather is bery very nice",
    }
    assert set(data.speakers()) == {"sw02001-A", "sw02001-B", "sw02002-A", "sw02002-B"}
    assert data.reco2file_and_channel["sw02001-B"] == ("sw02001", "B")


def test_utterance_ids_are_those_of_kaldi(tmp_path: Path) -> None:
    tally = Tally("transcripts", 1)
    ms98 = tmp_path / "sw2001A-ms98-a-trans.text"
    ms98.write_text("sw2001A-ms98-a-0001 0.000000 0.977625 [silence]\nsw2001A-ms98-a-0002 0.977625 11.561375 hi um\n")
    (turn,) = prepare_swbd1.read_transcript(ms98, {}, tally)
    assert turn == ("sw02001-A_000098-001156", "sw02001", "A", 0.98, 11.56, ("hi", "um"))
    text = tmp_path / "fe_03_00004.txt"
    text.write_text("# fe_03_00004.sph\n# Transcribed at the LDC\n\n7.38 8.78 A: an- so the topic is \n")
    (turn,) = prepare_fisher.read_transcript(text, tally)
    assert turn == ("fe_03_00004-A-000738-000877", "fe_03_00004", "A", 7.38, 8.77, ("an-", "so", "the", "topic", "is"))
    assert 8.78 * 100 < 878  # Kaldi's script truncates and therefore has 877


def test_audio_has_the_right_side_and_times(discs: Path, tmp_path: Path) -> None:
    assert swbd1(discs, tmp_path / "swbd1").returncode == 0
    data = DataDir.read(tmp_path / "swbd1")
    whole = conversation("2001").samples.astype(float)
    for utterance, column, start, end in ((0, 0, 4000, 16000), (2, 1, 8000, 12800)):
        samples, rate = data.read_audio(data.utterances[utterance])
        assert rate == 8000
        assert len(samples) == end - start
        # mu-law changes 16-bit samples by at most a thirty-second of their size
        np.testing.assert_allclose(samples, whole[start:end, column], rtol=1 / 32, atol=8)


def test_fisher(discs: Path, tmp_path: Path) -> None:
    result = fisher(discs, tmp_path / "fisher")
    assert result.returncode == 0, result.stderr
    assert "Fisher calls: 2 calls in -> 2 kept" in result.stdout
    data = DataDir.read(tmp_path / "fisher", need_text=True)
    found = {item.id: " ".join(item.words or ()) for item in data.utterances if "05851" in item.id}
    assert found == {
        "fe_03_05851-A-000050-000200": "uh i watch the news on t._v.",
        "fe_03_05851-A-000420-000480": "[laughter]",
        "fe_03_05851-B-000100-000160": "yeah",
        "fe_03_05851-B-000250-000400": "the wea- weather is bery very nice",
    }
    sexes = (tmp_path / "fisher" / "spk2gender").read_text().split()
    assert sexes == ["fe_03_00001-A", "m", "fe_03_00001-B", "f", "fe_03_05851-A", "m", "fe_03_05851-B", "f"]


def test_hub5(discs: Path, tmp_path: Path) -> None:
    result = hub5(discs, tmp_path / "hub5")
    assert result.returncode == 0, result.stderr
    data = DataDir.read(tmp_path / "hub5")
    assert [item.id for item in data.utterances][:2] == ["en_4156-A_000050-000200", "en_4156-A_000420-000480"]
    segments = read_stm(tmp_path / "hub5" / "stm").segments
    assert len(segments) == len(data) == 8
    assert segments[0].text == "(%HESITATION) I WATCH THE NEWS ON T V"
    assert (tmp_path / "hub5" / "glm").is_file()


def test_rt02(discs: Path, tmp_path: Path) -> None:
    stm = next(discs.rglob("rt02_cts.stm"))
    stm.write_text(stm.read_text().replace("YEAH", "((YEAH)) <B_ASIDE> YEAH <E_ASIDE>"))
    uem = stm.with_suffix(".uem")
    uem.write_text("sw_30001 1 0.00 3.00\nsw_30001 2 0.00 5.00\n")
    result = rt02(discs, tmp_path / "rt02")
    assert result.returncode == 0, result.stderr
    assert "1 ignored in scoring" in result.stdout
    segments = read_stm(tmp_path / "rt02" / "stm").segments
    assert {segment.channel for segment in segments} == {"A", "B"}
    assert not any(segment.speaker == "inter_segment_gap" for segment in segments)
    assert [segment.text.split() for segment in segments if "YEAH" in segment.text] == [["(YEAH)", "YEAH"]]
    assert len(DataDir.read(tmp_path / "rt02")) == 3
    uem.write_text("sw_30001 1 0.00 3.00\nsw_30001 2 0.00 2.00\n")
    assert "1 outside the evaluated regions" in rt02(discs, tmp_path / "rt02").stdout


@pytest.mark.parametrize(
    ("prepare", "missing", "named"),
    [
        (swbd1, "LDC97S62", "LDC97S62 (Switchboard-1 Release 2) with sw02001.sph"),
        (swbd1, "swb_ms98_transcriptions", "20/2001/sw2001A-ms98-a-trans.text"),
        (fisher, "LDC2004T19", "LDC2004T19"),
        (hub5, "LDC2002S09", "LDC2002S09 (2000 HUB5 English Evaluation Speech)"),
        (hub5, "LDC2002T43", "reference/hub5e00.english.000405.stm"),
        (rt02, "LDC2004S11", "LDC2004S11 (2002 Rich Transcription, CTS part)"),
    ],
)
def test_missing_disc_is_named(
    discs: Path,
    tmp_path: Path,
    prepare: Callable[[Path, Path], subprocess.CompletedProcess[str]],
    missing: str,
    named: str,
) -> None:
    (discs / missing).rename(tmp_path / "elsewhere")
    result = prepare(discs, tmp_path / "out")
    assert result.returncode == 1
    assert named in result.stderr
    assert str(discs / missing) in result.stderr
    assert "fix: set --" in result.stderr
    assert "Traceback" not in result.stderr


def test_disc_without_the_expected_file(discs: Path, tmp_path: Path) -> None:
    next(discs.rglob("hub5e_00.pem")).unlink()
    result = hub5(discs, tmp_path / "out")
    assert result.returncode == 1
    assert "found no hub5e_00.pem" in result.stderr


def test_transcripts_without_audio(discs: Path, tmp_path: Path) -> None:
    next(discs.rglob("sw02002.sph")).unlink()
    result = swbd1(discs, tmp_path / "out")
    assert result.returncode == 1
    assert "4 of conversations without sw*.sph, first sw02002-A_000050-000200" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("prepare", "name", "line", "message"),
    [
        (swbd1, "sw2001A-ms98-a-trans.text", "sw2001A 0.0 1.0 yeah", ": found 'sw2001A 0.0 1.0 yeah'"),
        (swbd1, "sw2001A-ms98-a-trans.text", "sw2001A-ms98-a-0009 1.0 x yeah", ": the time is 'x'"),
        (swbd1, "sw2001A-ms98-a-trans.text", "sw2001A-ms98-a-0009 2.0 1.0 yeah", ": ends at 1 s"),
        (fisher, "fe_03_00001.txt", "1.0 2.0 C: yeah", ": found '1.0 2.0 C: yeah'"),
        (fisher, "fe_03_p1_filelist.tbl", "fe_03_p1_sph1\t1\txx", ": found"),
        (hub5, "hub5e_00.pem", "en_4156 C x 1 2", ": found 'en_4156 C x 1 2'"),
        (hub5, "hub5e00.english.000405.stm", "en_4156", ": found 'en_4156'"),
        (rt02, "rt02_cts.uem", "sw_30001 1 2.0", ": found"),
    ],
)
def test_broken_line_is_named(
    discs: Path,
    tmp_path: Path,
    prepare: Callable[[Path, Path], subprocess.CompletedProcess[str]],
    name: str,
    line: str,
    message: str,
) -> None:
    path = next(discs.rglob(name))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, line]) + "\n")
    result = prepare(discs, tmp_path / "out")
    assert result.returncode == 1
    assert f"{path}:{len(lines) + 1}{message}" in result.stderr
    assert "Traceback" not in result.stderr


def compress(path: Path) -> None:
    """Claim that the samples are compressed; the test's sph2pipe takes the claim back."""
    whole = path.read_bytes()
    header = whole[:1024].rstrip(b" ").replace(b"-s4 ulaw", b"-s26 ulaw,embedded-shorten-v2.00")
    path.write_bytes(header.ljust(1024) + whole[1024:])


def test_compressed_audio_needs_sph2pipe(discs: Path, tmp_path: Path) -> None:
    original = next(discs.rglob("sw02002.sph")).read_bytes()
    compress(next(discs.rglob("sw02002.sph")))
    bare = str(tmp_path / "bin")
    result = swbd1(discs, tmp_path / "out", path=bare)
    assert result.returncode == 1
    assert "sw02002.sph and 0 other(s) are compressed with shorten, but sph2pipe is not installed" in result.stderr
    program = tmp_path / "bin" / "sph2pipe"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
        "assert sys.argv[1:3] == ['-f', 'sph']\n"
        "whole = Path(sys.argv[3]).read_bytes()\n"
        "header = whole[:1024].rstrip(b' ').replace(b'-s26 ulaw,embedded-shorten-v2.00', b'-s4 ulaw')\n"
        "Path(sys.argv[4]).write_bytes(header.ljust(1024) + whole[1024:])\n"
    )
    program.chmod(0o755)
    result = swbd1(discs, tmp_path / "out", path=bare)
    assert result.returncode == 0, result.stderr
    assert "2 conversations, 1 of them expanded with sph2pipe" in result.stdout
    assert (tmp_path / "expanded" / "sw02002.sph").read_bytes() == original
    data = DataDir.read(tmp_path / "out")
    assert data.recordings["sw02002-A"] == str(tmp_path / "expanded" / "sw02002.sph")
    program.unlink()  # expanded files are not expanded again
    assert swbd1(discs, tmp_path / "out", path=bare).returncode == 0


def test_training_set_and_texts(discs: Path, tmp_path: Path) -> None:
    assert swbd1(discs, tmp_path / "swbd1").returncode == fisher(discs, tmp_path / "fisher").returncode == 0
    folders = ("--swbd", tmp_path / "swbd1", "--fisher", tmp_path / "fisher")
    outputs = ("--out", tmp_path / "train", "--texts", tmp_path / "lm")
    result = run("combine", *folders, *outputs, "--max-repeats", "3", "--heldout-every", "2")
    assert result.returncode == 0, result.stderr
    assert "16 utterances in -> 12 kept -> 4 dropped (4 repeating words that occurred 3 times" in result.stdout
    assert len(DataDir.read(tmp_path / "train", need_text=True)) == 12
    texts = {name: (tmp_path / "lm" / f"{name}.txt").read_text() for name in ("swbd", "fisher", "heldout")}
    assert {name: text.count("\n") for name, text in texts.items()} == {"swbd": 4, "fisher": 8, "heldout": 4}
    assert texts["heldout"].splitlines()[0] == "uh i watch the news on t._v."


def test_preparations_share_their_options(tmp_path: Path) -> None:
    for module, max_loss in (("prepare_swbd1", "0.05"), ("prepare_fisher", "0.05"), ("prepare_hub5", "0")):
        usage = " ".join(run(module, "--help").stdout.split())
        loss = f"--max-loss SHARE share of segments that may lack their audio, from 0 to 1 (default: {max_loss})"
        for option in ("--out PATH", "--expanded DIR", "--nj N", loss):
            assert option in usage, (module, option)
    result = run("prepare_swbd1", "--swbd1", tmp_path, "--ms98", tmp_path, "--expanded", tmp_path)
    assert result.returncode == 2
    assert "the following arguments are required: --out" in result.stderr


def test_unreadable_transcripts_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"absent\.txt: cannot be read"):
        read_lines(tmp_path / "absent.txt")


def test_segments_end_after_their_start(tmp_path: Path) -> None:
    assert parse_span("0.5", "1.25", tmp_path, 3) == (0.5, 1.25)
    with pytest.raises(FormatError, match=r":3: ends at 1 s, not after its start at 1 s"):
        parse_span("1", "1.0", tmp_path, 3)


def test_held_out_conversations_and_repeats(discs: Path, tmp_path: Path) -> None:
    assert swbd1(discs, tmp_path / "swbd1").returncode == 0
    data = DataDir.read(tmp_path / "swbd1", need_text=True)
    for every, conversation_id in ((2, "sw02002"), (1, None), (9, "sw02002")):  # every 9th of 2: the last one
        kept, heldout = hold_out(data, every)
        assert sorted([*kept, *heldout], key=lambda item: item.id) == list(data.utterances)
        names = {data.reco2file_and_channel[item.recording][0] for item in heldout}
        assert names == ({conversation_id} if conversation_id else {"sw02001", "sw02002"})
    tally = Tally("copies", 1)
    assert len(limit_repeats(data.utterances, 0, tally)) == 8
    assert [item.id[:7] for item in limit_repeats(data.utterances, 1, tally)] == ["sw02001"] * 4


def report(errors: int, words: int = 100) -> dict[str, object]:
    group = {"words": words, "substitutions": errors, "deletions": 0, "insertions": 0, "wer": 100 * errors / words}
    setting = {"lm_weight": 10.0, "word_insertion_penalty": 0.5}
    groups = {name: {**group, "wer_95": [1.0, 2.0]} for name in ("SWB", "CH", "all")}
    return {**groups, "setting": setting, "oracle": group}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), lengths=st.lists(st.integers(100, 20_000), min_size=1, max_size=5))
def test_turns_have_the_times_of_their_audio(seed: int, lengths: list[int]) -> None:
    item = plan("2001", ("m1", "f1"), 4, seed)
    sides = [side for side, _ in item.turns]
    audio = [(side, np.full(lengths[i % len(lengths)], 100 + i, np.int16)) for i, side in enumerate(sides)]
    found = place(item, audio, np.random.default_rng(seed))
    assert len(found.turns) == len(sides)
    heard = []
    for turn in found.turns:
        start, end = round(turn.start_seconds * 8000), round(turn.end_seconds * 8000)
        samples = found.samples[start:end, "AB".index(turn.side)]
        assert len(set(samples.tolist())) == 1
        heard.append(int(samples[0]) - 100)
        assert item.turns[heard[-1]][1] == turn.words
    assert sorted(heard) == list(range(len(sides)))


def test_table(tmp_path: Path) -> None:
    setting = TunedSetting(PathWeights(12.0, 0.5), "epoch10", 0.8, "")
    setting.write(tmp_path / "setting.json", tmp_path / "epoch10.safetensors", {})
    (tmp_path / "hub5").mkdir()
    (tmp_path / "hub5" / "score.json").write_text(json.dumps(report(4)))
    result = run("hub5_table", "--out", tmp_path / "RESULTS", f"bl_resnet22_a2b3={tmp_path}")
    assert result.returncode == 0, result.stderr
    row = "bl_resnet22_a2b3 4.00 4.00 4.00 1.00-2.00 4.00 11.10 17.80 14.46 100 10 0.8"
    assert row.split() in [line.split() for line in (tmp_path / "RESULTS").read_text().splitlines()]
    (tmp_path / "hub5" / "score.json").write_text(json.dumps({**report(4), "CH": {}}))
    result = run("hub5_table", "--out", tmp_path / "RESULTS", f"bl_resnet22_a2b3={tmp_path}")
    assert result.returncode == 1
    assert "has no words of CH" in result.stderr
    (tmp_path / "setting.json").unlink()
    result = run("hub5_table", "--out", tmp_path / "RESULTS", f"bl_resnet22_a2b3={tmp_path}")
    assert "setting.json: no such file" in result.stderr


def test_unknown_option_is_an_error() -> None:
    result = subprocess.run(["recipes/swbd/run.sh", "--swbd2", "x"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert "unknown option --swbd2" in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="espeakng-loader is not installed")
def test_rehearsal(tmp_path: Path) -> None:
    command = ["recipes/swbd/rehearse.sh", "--short", "--work", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    assert "SYNTHETIC" in result.stdout
    header, line = (tmp_path / "RESULTS").read_text().splitlines()[:2]
    assert header.split()[:3] == ["SWB", "CH", "all"]
    assert line.split()[0] == "bl_resnet22_a2b3"
    assert all(0 <= float(rate) < 30 for rate in line.split()[1:4])
