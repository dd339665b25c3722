"""The scripts for a Kaldi recipe under queue.pl and slurm.pl, and the calls they make, with programs that only record.

Jobs of a queue start in a bare environment (the PATH, a task's number), in the recipe's folder, from a script that
joins the words of the command again; that is what can go wrong. A Kaldi that ``KALDI_ROOT`` names is tried as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
TASK = {"queue.pl": "SGE_TASK_ID", "slurm.pl": "SLURM_ARRAY_TASK_ID"}

BLASR = r"""#!/bin/bash
here=$(dirname "$0")
printf '%s\n' "$*" >>"$here/blasr.calls"
env | cut -d = -f 1 | sort >"$here/blasr.environment"
out=${@: -1}
case "$*" in
  *"--check "*) ;;
  "data split "*) for ((job = 1; job <= $6; job++)); do mkdir -p "$4/split$6/$job"; done ;;
  "dump "*--combine*) touch "$out/loglikes.scp" ;;
  *utt-that-fails*) echo "error: no frame is left" >&2; exit 1 ;;
  "dump "*--manifest*) echo archive && touch "$out" ;;
  "dump "*) mkdir -p "$out" && touch "$out"/loglikes.{ark,scp} ;;
  "decode "*) mkdir -p "$out" && echo lattices >"$out/lat.ark" ;;
  "align "*) mkdir -p "$out" && touch "$out"/{ali.1.gz,tree,final.mdl,phones.txt} ;;
  "train "*) touch "$4/final.safetensors" ;;
  "score "*) echo "%WER 5.00 [ 1 / 20, 0 ins, 0 del, 1 sub ]" >"$out/wer_9_0.0" ;;
esac
"""

# What Kaldi's queue.pl and slurm.pl do with their arguments, without waiting for a queue.
STAND_IN = r"""#!/bin/bash
here=$(dirname "$0")
while [[ $1 == -* ]]; do echo "$1 $2" >>"$here/options"; shift 2; done
name= first=1 last=1
if [[ $1 =~ ^([A-Za-z_]+)=([0-9]+):([0-9]+)$ ]]; then
  name=${BASH_REMATCH[1]} first=${BASH_REMATCH[2]} last=${BASH_REMATCH[3]}; shift
fi
log=$1; shift
if [ -n "$name" ] && [ "$last" -gt "$first" ] && [[ $log != *$name* ]]; then echo "one log for all jobs" >&2; exit 1; fi
for word in "$@"; do
  if [[ $word =~ ^[^[:space:]]+$ ]]; then command+="$word "
  elif [[ $word == *\"* ]]; then command+="'$word' "
  else command+="\"$word\" "; fi
done
mkdir -p "$(dirname "$log")"
if [ -n "$name" ]; then log=${log//$name/\$TASK} command=${command//$name/\$\{TASK\}}; fi
script=$here/job.sh
printf '%s\n' '#!/bin/bash' "cd $PWD" '. ./path.sh' "( $command ) >$log 2>&1" 'exit $?' >"$script"
failed=0
for ((job = first; job <= last; job++)); do env -i PATH="$PATH" TASK="$job" /bin/bash "$script" || failed=1; done
exit $failed
"""

SUBMIT = r"""#!/bin/bash
# qsub and sbatch: the array's range is the word behind -t or --array, the script is the last word.
first=1 last=1
for ((i = 1; i < $#; i++)); do
  if [[ ${!i} == -t || ${!i} == --array ]]; then
    next=$((i + 1)) range=${!next} range=${range%%%*} first=${range%%[-:]*} last=${range##*[-:]}
  fi
done
for ((job = first; job <= last; job++)); do env -i PATH="$PATH" TASK="$job" /bin/bash "${@: -1}" >/dev/null 2>&1; done
echo SUBMITTED
"""


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe's folder, with blasr's scripts beside a blasr and a latgen-faster-mapped that record their arguments."""
    for name in ("common", "kaldi"):
        shutil.copytree(RECIPES / name, tmp_path / "blasr" / "recipes" / name)
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin" / "blasr", BLASR)
    folder = tmp_path / "s5"
    for name in ("data/test", "data/lang", "exp/tri4_ali", "exp/tri4/graph", "exp/net", "steps"):
        (folder / name).mkdir(parents=True)
    (folder / "steps" / "blasr").symlink_to(tmp_path / "blasr" / "recipes" / "kaldi" / "steps" / "blasr")
    (folder / "path.sh").write_text("export LC_ALL=C\n")
    (folder / "conf.yaml").touch()
    for name in ("wav.scp", "utt2spk", "text"):
        (folder / "data" / "test" / name).touch()
    for name in ("data/lang/phones.txt", "data/lang/L.fst", "exp/tri4_ali/ali.1.gz", "exp/tri4/graph/HCLG.fst"):
        (folder / name).touch()
    (folder / "exp" / "tri4" / "graph" / "words.txt").touch()
    for where in ("exp/tri4_ali", "exp/net"):
        for name in ("final.mdl", "tree", "final.yaml"):
            (folder / where / name).touch()
    return folder


@pytest.fixture(params=["queue.pl", "slurm.pl", "Kaldi's queue.pl", "Kaldi's slurm.pl"])
def queue(request: pytest.FixtureRequest, recipe: Path) -> str:
    """The name of a queue's program, which is on the recipe's PATH."""
    name = request.param.split()[-1]
    folder = recipe.parent / "bin"
    variable = TASK[name]
    if request.param == name:
        program(folder / name, STAND_IN.replace("TASK", variable))
        return str(name)
    kaldi = Path(os.environ.get("KALDI_ROOT", "no Kaldi")) / "egs" / "wsj" / "s5" / "utils" / "parallel" / name
    if not kaldi.is_file():
        pytest.skip(f"KALDI_ROOT names no Kaldi with {kaldi.name}")
    if shutil.which("perl") is None:
        pytest.skip(f"{name} needs perl")
    program(folder / name, kaldi.read_text())
    told = 'Your job 17 ("x") has been submitted' if name == "queue.pl" else "Submitted batch job 17"
    submit = SUBMIT.replace("TASK", variable).replace("SUBMITTED", f"'{told}'")
    program(folder / ("qsub" if name == "queue.pl" else "sbatch"), submit)
    return str(name)


def run(recipe: Path, *words: object) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(recipe.parent / "bin"), str(Path(sys.executable).parent), "/usr/bin:/bin"])
    command = [str(word) for word in words]
    environment = {"PATH": path, "HOME": str(recipe)}
    return subprocess.run(command, cwd=recipe, env=environment, capture_output=True, text=True, timeout=200)


def calls(recipe: Path, program: str = "blasr") -> list[str]:
    return (recipe.parent / "bin" / f"{program}.calls").read_text().splitlines()


def test_all_steps_run_on_a_queue(recipe: Path, queue: str) -> None:
    """Training, alignment, decoding and scoring, with what they leave and one log for every job."""
    train = ("--cmd", f"{queue} --gpu 1", "--model-config", "conf.yaml", "--set", "training.epochs=2 model.width=0.5")
    done = run(recipe, "steps/blasr/train.sh", *train, "data/test", "data/lang", "exp/tri4_ali", "exp/net")
    assert done.returncode == 0, done.stderr
    assert (recipe / "exp" / "net" / "log" / "train.log").is_file()
    assert calls(recipe)[-1].startswith("train conf.yaml --experiment exp/net --set data.train=data/test ")
    assert calls(recipe)[-1].endswith("--set training.epochs=2 --set model.width=0.5")
    assert {"PYTHONPATH", "HOME"}.isdisjoint((recipe.parent / "bin" / "blasr.environment").read_text().split())

    options = ("--nj", 3, "--cmd", f"{queue} --mem 2G")
    done = run(recipe, "steps/blasr/align.sh", *options, "data/test", "data/lang", "exp/net", "exp/net_ali")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (recipe / "exp" / "net_ali").iterdir() if path.name != "q"}
    assert names == {"log", "tree", "final.mdl", "phones.txt", "num_jobs", *(f"ali.{job}.gz" for job in (1, 2, 3))}

    done = run(recipe, "steps/blasr/decode.sh", *options, "exp/tri4/graph", "data/test", "exp/net/decode")
    assert done.returncode == 0, done.stderr
    out = recipe / "exp" / "net" / "decode"
    assert {path.name for path in (out / "log").iterdir()} == {f"decode.{job}.log" for job in (1, 2, 3)}
    assert [call for call in calls(recipe) if call.startswith("decode ")][-1].count(" --data data/test/split3/3 ") == 1
    assert {f"lat.{job}.gz" for job in (1, 2, 3)} <= {path.name for path in out.iterdir()}
    assert not list(out.glob("*/lat.ark")) and not list(out.glob("dump.*/loglikes.ark"))
    assert (out / "scoring" / "log" / "score.log").is_file() and "%WER 5.00" in done.stdout


def test_a_queues_failed_job_stops_the_step(recipe: Path, queue: str) -> None:
    options = ("--nj", 2, "--cmd", queue, "--checkpoint", "utt-that-fails")
    done = run(recipe, "steps/blasr/dump.sh", *options, "data/test", "exp/net", "exp/net/output")
    assert done.returncode == 2
    assert "error: no frame is left" in done.stderr and "a job failed, see exp/net/output/log/dump.1.log" in done.stderr
    assert not (recipe / "exp" / "net" / "output" / "loglikes.scp").exists()


@pytest.mark.parametrize("keep", ["false", "true"])
def test_kaldis_decoder_on_a_queue_is_called_as_kaldi_calls_it(recipe: Path, queue: str, keep: str) -> None:
    """``latgen-faster-mapped [options] trans-model-in fst-in loglikes-rspecifier lattice-wspecifier``, one per job."""
    record = (
        '#!/bin/bash\nprintf "%s|" "$@" >>"$0.calls"\necho >>"$0.calls"\n[[ $* != *" ark:- "* ]] || cat >>"$0.input"\n'
    )
    program(recipe.parent / "bin" / "latgen-faster-mapped", record)
    options = ("--nj", 2, "--cmd", queue, "--beam", 11, "--lattice-beam", 6, "--max-active", 900, "--acwt", 0.2)
    graph, out = "exp/tri4/graph", "exp/net/decode"
    more = ("--skip-scoring", "true", "--keep-loglikes", keep)
    done = run(recipe, "steps/blasr/decode.sh", *options, *more, graph, "data/test", out)
    assert done.returncode == 0, done.stderr
    found = sorted(calls(recipe, "latgen-faster-mapped"))
    assert found == [
        "--min-active=200|--max-active=900|--max-mem=50000000|--beam=11|--lattice-beam=6|--acoustic-scale=0.2|"
        f"--allow-partial=true|--word-symbol-table={graph}/words.txt|exp/net/final.mdl|{graph}/HCLG.fst|"
        f"{'ark:-' if keep == 'false' else f'scp:{out}/dump.{job}/loglikes.scp'}|ark:|gzip -c > {out}/lat.{job}.gz|"
        for job in (1, 2)
    ]
    if keep == "false":
        assert (recipe.parent / "bin" / "latgen-faster-mapped.input").read_text() == "archive\narchive\n"
        dump = [call for call in calls(recipe) if call.startswith("dump ") and "--out ark:- " in call][-1]
        assert dump.startswith("dump --data data/test/split2/2 --experiment exp/net --model exp/net/final.mdl ")
        assert dump.endswith(f" --nj 1 --out ark:- --manifest {out}/log/manifest.2.json")


def test_a_dump_that_fails_in_a_pipe_stops_the_step(recipe: Path, queue: str) -> None:
    """Also if the program that runs the jobs reports only the status of the decoder."""
    program(recipe.parent / "bin" / "latgen-faster-mapped", "#!/bin/bash\ncat >/dev/null\n")
    options = ("--nj", 2, "--cmd", queue, "--checkpoint", "utt-that-fails", "--skip-scoring", "true")
    done = run(recipe, "steps/blasr/decode.sh", *options, "exp/tri4/graph", "data/test", "exp/net/decode")
    assert done.returncode == 2
    assert "no such file: exp/net/decode/log/manifest.1.json" in done.stderr
    assert not (recipe / "exp" / "net" / "decode" / "num_jobs").exists()
