"""Help and mistakes on a command line load no numerical library, and some subcommands never load torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blasr.io.kaldi.table_writer import MatrixWriter

HEAVY = ("torch", "numba", "kaldifst", "numpy", "soundfile", "torchaudio", "scipy", "rich")
HELP = f"""
import argparse, contextlib, io, json, sys
sys.argv[0] = "blasr"
for name in {HEAVY!r}:
    sys.modules[name] = None  # importing it fails
from blasr.cli.main import SUBCOMMANDS, build_parser, main

def commands(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return list(action.choices)
    return []

def parser_of(words):
    parser = build_parser(words[0])
    for word in words:
        (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        parser = action.choices[word]
    return parser

shown, failed = {{}}, {{}}

def run(words, expected):
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(words)
    except SystemExit as stop:
        if stop.code == expected:
            return out.getvalue() if expected == 0 else err.getvalue()
        failed[" ".join(words)] = err.getvalue()
    except BaseException as error:
        failed[" ".join(words)] = repr(error)
    else:
        failed[" ".join(words)] = "did not exit"
    return ""

for name in SUBCOMMANDS:
    for words in [[name], *([name, command] for command in commands(parser_of([name])))]:
        shown[" ".join(words)] = run([*words, "--help"], 0)
        if "unrecognized option --hlep" not in run([*words, "--hlep"], 2):
            failed[" ".join(words)] = "the wrong option is not named"
print(json.dumps([shown, failed]))
"""


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    """The help of every command, by its words, printed while heavy modules cannot be imported."""
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown, failed = json.loads(done.stdout)
    assert failed == {}
    return dict(shown)


def test_every_help_is_light_and_has_an_example_of_its_own(helps: dict[str, str]) -> None:
    assert {"data check", "score text", "lattice mbr", "kaldi copy-feats", "vision train"} <= set(helps)
    without = [words for words, text in helps.items() if f"blasr {words}" not in text.partition("example")[2]]
    assert without == []


def test_the_words_of_options_are_shared(helps: dict[str, str]) -> None:
    """No command has an option under a name that the grammar replaced."""
    replaced = ("--penalty ", "--penalties ", "--jobs ", "--compare ", "--ctm-file ", "--word-insertion-penalty ")
    found = {words: name for words, text in helps.items() for name in replaced if name in text}
    assert found == {}


SUBCOMMANDS_WITHOUT_TORCH = """
import sys
from blasr.cli.main import main
for line in sys.stdin.read().splitlines():
    words = line.split("\\t")
    assert main(words) == 0, words
    loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "torchaudio"})
    assert not loaded, (words, loaded)
"""


def test_decoding_scoring_and_kaldi_tools_never_load_torch(tmp_path: Path, golden: Path) -> None:
    tri1 = golden / "fsdd_tri1"
    data = tmp_path / "data"
    data.mkdir()
    for name, text in (("a.wav", ""), ("wav.scp", f"a {data}/a.wav\n"), ("utt2spk", "a a\n"), ("spk2utt", "a a\n")):
        (data / name).write_text(text)
    (tmp_path / "text").write_text("one two\ntwo three one\n")
    with MatrixWriter(tmp_path / "feats.ark") as writer:
        writer.write("a", np.ones((3, 2), np.float32))
    lattices: list[str | Path] = ["--lattices", tri1 / "connected" / "lat.ark", "--words", tri1 / "lang" / "words.txt"]
    reference: list[str | Path] = ["--ref", tri1 / "connected" / "text"]
    graph: list[str | Path] = ["--graph", tri1 / "HCLG.fst", "--model", tri1 / "final.mdl", *lattices[2:]]
    lines: list[list[str | Path]] = [
        ["score", "text", *reference, *lattices, "--lm-weights", "10"],
        ["decode", *graph, "--loglikes", f"ark:{tri1}/connected/loglikes.ark", "--out", tmp_path / "decode"],
        ["explain", "text", *reference, *lattices],
        ["lattice", "mbr", *lattices, "--out", tmp_path / "ctm"],
        ["lattice", "oracle", *lattices, *reference],
        ["lm", "train", "--text", tmp_path / "text", "--order", "2", "--out", tmp_path / "lm.arpa"],
        ["lm", "perplexity", tmp_path / "lm.arpa", "--text", tmp_path / "text"],
        ["data", "fix", "--data", data],
        ["kaldi", "copy-feats", f"ark:{tmp_path}/feats.ark", "ark,t:-"],
        ["kaldi", "ali-to-phones", tri1 / "final.mdl", f"ark:gunzip -c {tri1}/ali.1.gz|", f"ark:{tmp_path}/phones"],
        ["kaldi", "lattice-copy", f"ark:{tri1}/connected/lat.ark", f"ark:{tmp_path}/lat"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", SUBCOMMANDS_WITHOUT_TORCH],
        input="\n".join("\t".join(map(str, words)) for words in lines),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
