"""The scripts for a Kaldi recipe: the stand-in for run.pl, and training, dumping, decoding, scoring with two jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blasr.io.kaldi import read_matrices

KALDI = Path(__file__).parents[2] / "recipes" / "kaldi"
RUN = KALDI / "utils" / "run.pl"
SCRIPTS = ("train", "align", "dump", "decode", "score")


def run(*words: object, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PATH"] = os.pathsep.join(
        [*([str(path)] if path else []), str(Path(sys.executable).parent), "/usr/bin:/bin"]
    )
    command = list(map(str, words))
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900)


def test_jobs_run_and_are_logged(tmp_path: Path) -> None:
    done = run(
        RUN, "JOB=1:3", tmp_path / "log" / "x.JOB.log", "echo", "part JOB", "&&", "echo", "err", ">&2", cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = (tmp_path / "log" / "x.2.log").read_text().splitlines()
    assert lines[0] == '# echo "part 2" && echo err >&2'
    assert lines[1].startswith("# Started at ")
    assert lines[2:5] == ["#", "part 2", "err"]
    assert lines[-1].startswith("# Ended (code 0) at ")
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == ["x.1.log", "x.2.log", "x.3.log"]


def test_pipes_quotes_and_variables(tmp_path: Path) -> None:
    words = ("A=b", "printf", "c d\\n", "|", "sed", "s|c d|$HOME|", ">", tmp_path / "out.JOB")
    assert run(RUN, "JOB=2", tmp_path / "x.log", *words, cwd=tmp_path).returncode == 0
    assert (tmp_path / "out.2").read_text() == os.environ["HOME"] + "\n"


def test_a_failure_is_told(tmp_path: Path) -> None:
    done = run(RUN, "JOB=1:3", tmp_path / "x.JOB.log", "[", "JOB", "!=", "2", "]", cwd=tmp_path)
    assert done.returncode == 1
    assert f"1 / 3 failed, log is in {tmp_path}/x.*.log" in done.stderr
    assert "# Ended (code 1)" in (tmp_path / "x.2.log").read_text()
    assert run(RUN, tmp_path / "x.log", "false", "|", "true", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("words", [("JOB=1:2", "x.log", "true"), ("JOB=3:1", "JOB.log", "true"), ("x.log",)])
def test_mistakes(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run(RUN, *words, cwd=tmp_path).returncode == 1


def test_options_of_queues_are_taken(tmp_path: Path) -> None:
    options = ("--mem", "4G", "--gpu", "1", "--max-jobs-run", "1", "--num-threads", "2")
    assert run(RUN, *options, "JOB=1:2", tmp_path / "x.JOB.log", "true", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("script", SCRIPTS)
def test_usage(tmp_path: Path, script: str) -> None:
    path = KALDI / "steps" / "blasr" / f"{script}.sh"
    told = run(path, "--help", cwd=tmp_path)
    assert told.returncode == 0 and f"steps/blasr/{script}.sh" in told.stdout and "--cmd" in told.stdout
    assert run(path, "one", cwd=tmp_path).returncode == 2
    unknown = run(path, "--nonsense", "1", cwd=tmp_path)
    assert unknown.returncode == 2 and "unknown option --nonsense" in unknown.stderr


@pytest.fixture(scope="module")
def recipe(golden: Path, fsdd_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished Kaldi recipe: data, lang, tri1 with its alignments and graph; and a network trained in it."""
    folder = tmp_path_factory.mktemp("s5")
    tri1 = golden / "fsdd_tri1"
    (folder / "exp" / "tri1").mkdir(parents=True)
    for name in ("final.mdl", "tree", "ali.1.gz", "ali.2.gz"):
        shutil.copyfile(tri1 / name, folder / "exp" / "tri1" / name)
    shutil.copytree(tri1 / "lang", folder / "data" / "lang")
    shutil.copytree(tri1 / "lang", folder / "exp" / "tri1" / "graph")
    shutil.copyfile(tri1 / "HCLG.fst", folder / "exp" / "tri1" / "graph" / "HCLG.fst")
    (folder / "steps").mkdir()
    (folder / "steps" / "blasr").symlink_to(KALDI / "steps" / "blasr")
    words = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]
    for name, digits, indices in (("train", range(10), range(5, 8)), ("test", range(5), range(2, 3))):
        data = folder / "data" / name
        data.mkdir()
        ids = [(f"{s}-{d}-{i:02d}", s, d, i) for s in ("george", "theo") for d in digits for i in indices]
        (data / "wav.scp").write_text("".join(f"{key} {fsdd_dir}/{d}_{s}_{i}.wav\n" for key, s, d, i in ids))
        (data / "utt2spk").write_text("".join(f"{key} {s}\n" for key, s, _, _ in ids))
        (data / "text").write_text("".join(f"{key} {words[d]}\n" for key, _, d, _ in ids))
    config = KALDI.parents[1] / "conf" / "fsdd_bl_resnet22_a2b3.yaml"
    options = ("--model-config", config, "--set", "model.width=0.1 data.valid_share=0", "--epochs", "1")
    trained = run("steps/blasr/train.sh", *options, "data/train", "data/lang", "exp/tri1", "exp/net", cwd=folder)
    assert trained.returncode == 0, trained.stderr
    return folder


@pytest.mark.slow
def test_train(recipe: Path) -> None:
    assert "written: exp/net/final.safetensors" in (recipe / "exp" / "net" / "log" / "train.log").read_text()
    for name in ("final.mdl", "tree", "phones.txt", "priors.vec"):
        assert (recipe / "exp" / "net" / name).is_file()


@pytest.mark.slow
def test_decode_and_score(recipe: Path) -> None:
    out = recipe / "exp" / "net" / "decode_test"
    options = ("--nj", "2", "--cmd", "run.pl --max-jobs-run 2", "--scoring-opts", "--min-lmwt 9 --max-lmwt 11")
    done = run("steps/blasr/decode.sh", *options, "exp/tri1/graph", "data/test", out.relative_to(recipe), cwd=recipe)
    assert done.returncode == 0, done.stderr
    assert (out / "num_jobs").read_text() == "2\n"
    names = {path.name for path in out.iterdir()}
    assert {"lat.1.gz", "lat.2.gz", "wer_9_0.0", "wer_11_1.0"} <= names and "loglikes.scp" not in names
    assert {path.name for path in (out / "log").iterdir()} == {"decode.1.log", "decode.2.log"}
    assert (out / "scoring" / "10.0.5.tra").is_file() and (out / "scoring" / "log" / "score.log").is_file()
    assert done.stdout.startswith("%WER ") and "/ 10," in done.stdout
    assert not list(out.glob("dump.*"))


@pytest.mark.slow
def test_kaldis_decoder_is_taken_where_it_is_there(recipe: Path, tmp_path: Path) -> None:
    program = tmp_path / "latgen-faster-mapped"
    program.write_text(f"#!/bin/bash\nprintf '%s\\n' \"$@\" >>{tmp_path}/arguments\n")
    program.chmod(0o755)
    options = ("--nj", "2", "--skip-scoring", "true", "--keep-loglikes", "true", "--beam", "11")
    out = "exp/net/decode_kaldi"
    done = run("steps/blasr/decode.sh", *options, "exp/tri1/graph", "data/test", out, cwd=recipe, path=tmp_path)
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "arguments").read_text().splitlines()
    assert {"--beam=11", "--allow-partial=true", "exp/net/final.mdl", f"scp:{out}/dump.2/loglikes.scp"} <= set(told)
    assert f"ark:|gzip -c > {out}/lat.1.gz" in told
    assert (recipe / out / "dump.1" / "loglikes.ark").is_file()
    weights = recipe / "exp" / "net" / "final.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    stale = run("steps/blasr/decode.sh", *options, "--stage", "1", "exp/tri1/graph", "data/test", out, cwd=recipe)
    weights.write_bytes(before)
    assert stale.returncode == 1 and "stale: the weights exp/net/final.safetensors has changed" in stale.stderr


@pytest.mark.slow
def test_log_likelihoods_are_piped_into_kaldis_decoder(recipe: Path, tmp_path: Path) -> None:
    program = tmp_path / "latgen-faster-mapped"
    program.write_text(f"#!/bin/bash\nprintf '%s\\n' \"$@\" >>{tmp_path}/arguments\ncat >{tmp_path}/input.$$\n")
    program.chmod(0o755)
    options = ("--nj", "2", "--skip-scoring", "true")
    out = "exp/net/decode_piped"
    done = run("steps/blasr/decode.sh", *options, "exp/tri1/graph", "data/test", out, cwd=recipe, path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"ark:-", f"ark:|gzip -c > {out}/lat.2.gz"} <= set((tmp_path / "arguments").read_text().splitlines())
    read = [name for path in tmp_path.glob("input.*") for name, _ in read_matrices(path)]
    assert len(read) == 10 == len(set(read))
    assert (recipe / out / "log" / "manifest.2.json").is_file()
    assert {path.name for path in (recipe / out).iterdir()} == {"log", "num_jobs"}


@pytest.mark.slow
def test_align(recipe: Path) -> None:
    options = ("--nj", "2", "--max-loss", "1")
    done = run("steps/blasr/align.sh", *options, "data/test", "data/lang", "exp/net", "exp/net_ali", cwd=recipe)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (recipe / "exp" / "net_ali").iterdir()}
    assert names == {"ali.1.gz", "ali.2.gz", "final.mdl", "tree", "phones.txt", "num_jobs", "log"}


@pytest.mark.slow
def test_a_graph_of_another_model_is_refused_before_any_job(recipe: Path, tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    shutil.copytree(recipe / "exp" / "tri1" / "graph", graph)
    (graph / "num_pdfs").write_text("90\n")
    out = recipe / "exp" / "net" / "decode_other"
    done = run("steps/blasr/decode.sh", "--nj", "2", graph, "data/test", out, cwd=recipe)
    assert done.returncode == 1
    assert "numbers of pdfs differ" in done.stderr and f"90 in {graph}/num_pdfs" in done.stderr
    assert not (out / "log").exists()
