"""The code in the documentation works: commands are accepted or run, Python runs, YAML is a configuration."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import itertools
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from blasr.cli.main import SUBCOMMANDS, build_parser, main
from blasr.cli.path_roles import check_paths
from blasr.config import parse_config
from blasr.io import MatrixWriter, write_alignments
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.config import RunConfig
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.vision.config import VisionRunConfig
from tests.docs.blocks import ROOT, Block, all_blocks, blocks_of, commands_of, pages
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

NOT_RUN = "not run: "
LANGUAGES = {"bash", "python", "yaml", "text", "{toctree}"}
PYTHON_PAGES = sorted({block.page for block in all_blocks("python")})


@pytest.mark.parametrize("block", all_blocks("bash"), ids=str)
def test_commands(block: Block) -> None:
    found = list(commands_of(block.text))
    assert found, "a block of bash has a command; use text for everything else"
    refused = {" ".join(words): problem for words in found if (problem := problem_of(words))}
    assert refused == {}


def problem_of(words: list[str]) -> str:
    """What is wrong with a command, or nothing. Programs that the repository does not have are not checked."""
    program, rest = words[0], words[1:]
    if "blasr.cli" in rest:
        program, rest = "blasr", rest[rest.index("blasr.cli") + 1 :]
    if program == "blasr":
        return refusal(rest)
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        return "" if {word for word in rest if "=" not in word} <= set(targets) else "no such target"
    if program == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        wanted = {extra for word in rest for extra in re.findall(r"\[(.*)\]", word) for extra in extra.split(",")}
        return "" if wanted <= set(extras) else f"no extra {wanted - set(extras)}"
    if program == "python" and "-m" not in rest and rest[0] not in ("-c", "-"):
        program = rest[0]
    if program.startswith(("recipes/", "benchmarks/")):
        return "" if (ROOT / program).is_file() else "no such file"
    if program.startswith("steps/blasr/"):
        return "" if (ROOT / "recipes/kaldi" / program).is_file() else "no such file"
    return ""


def test_what_the_tour_reads_was_written_above_it() -> None:
    """A newcomer who follows its commands has one graph, and every file that blasr itself writes."""
    written: set[str] = set()
    for block in (block for block in all_blocks("bash") if block.page == "docs/start/tour.md"):
        for words in (words[1:] for words in commands_of(block.text) if words[0] == "blasr"):
            values = dict(itertools.pairwise(words))
            for option in ("--graph", "--gmm", "--lang", "--setting", "--old-lm", "--lattices", "--bundle"):
                if option in values:
                    assert values[option] in written | {"lm.arpa.gz", "small.arpa.gz"}, (words, option)
            written |= {values[option] for option in ("--out", "--freeze") if option in values}
            if words[0] == "tune":
                written.add(f"{values['--experiment']}/setting.json")
    assert written


def refusal(words: list[str]) -> str:
    """The message of blasr's parser, or nothing if it accepts the words."""
    try:
        args = build_parser(next((word for word in words if word in SUBCOMMANDS), None)).parse_args(words)
    except SystemExit as error:
        return "" if error.code == 0 else "not accepted"
    check_paths(args)
    return ""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("blasr train conf/bl_resnet22_a2b3.yaml --epochs 3", "not accepted"),
        ("cd egs && blasr lang --lexikon x", "not accepted"),
        ("arecord -q | blasr transcribe --bundel b --live -", "not accepted"),
        ("torchrun --nproc-per-node 2 -m blasr.cli trian x.yaml", "not accepted"),
        ("make demos", "no such target"),
        ("pip install 'blasr[picture]'", "no extra {'picture'}"),
        ("recipes/no_such_recipe/run.sh corpus", "no such file"),
        ("steps/blasr/no_such_step.sh data", "no such file"),
        ("python benchmarks/no_such_report.py", "no such file"),
    ],
)
def test_a_wrong_command_is_found(line: str, problem: str) -> None:
    assert problem in [problem_of(words) for words in commands_of(line)]


def test_commands_in_a_line() -> None:
    line = "X=1 blasr dump --out ark:- 2>log | latgen a 'b c' >x; for i in 1; do blasr lm '#'; done  # comment\n"
    found = list(commands_of("blasr a \\\n    --b c\n" + line))
    assert found[0] == ["blasr", "a", "--b", "c"]
    assert [words[0] for words in found[1:]] == ["blasr", "latgen", "for", "blasr", "done"]
    assert ["latgen", "a", "b c"] in found


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_languages_and_mentions(page: Path) -> None:
    """Every block has a known language, and every subcommand that the text mentions exists."""
    text = page.read_text(encoding="utf-8")
    found = blocks_of(text)
    assert {block.language for block in found} <= LANGUAGES | {f"{{{name}}}" for name in ("image", "figure", "note")}
    for mention in re.findall(r"(?<!`)`blasr ([a-z]+)[^`]*`(?!`)", text):
        assert mention in SUBCOMMANDS, f"`blasr {mention}`"
    for mention in re.findall(r"(?<!`)`(blasr(?:\.\w+)+)`(?!`)", text):
        assert exists(mention), mention


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or a name in one."""
    module, _, attribute = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ImportError:
        return bool(module) and hasattr(importlib.import_module(module), attribute)
    return True


def test_a_name_that_does_not_exist_is_found() -> None:
    assert exists("blasr.io.read_fst")
    assert exists("blasr.io.kaldi")
    assert not exists("blasr.io.read_fsts")


@pytest.fixture(scope="module")
def workplace(system: System, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the pages name."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "conf").symlink_to(ROOT / "conf")
    (folder / "data").mkdir()
    (folder / "data" / "lang").symlink_to(system.lang)
    shutil.copytree(system.experiment, folder / "exp" / "bl_resnet22_a2b3")
    for gmm in ("tri_ali", "tri4_ali"):
        shutil.copytree(system.model.parent, folder / "exp" / gmm)
        write_alignments(folder / "exp" / gmm / "ali.1.gz", [("ann-1", np.ones(100, np.int32))])
    (folder / "exp" / "tri_ali" / "graph").symlink_to(system.graph)
    (folder / "exp" / "nnet").mkdir()
    with MatrixWriter(folder / "exp" / "nnet" / "feats.ark", folder / "exp" / "nnet" / "feats.scp") as writer:
        writer.write("ann-1", np.zeros((100, 40), np.float32))
    make_bundle(Experiment.load(system.experiment), system.graph, folder / "bundle")
    write_audio(folder / "interview.flac", babble(3, 1))
    for seed, name in enumerate(("train", "dev", "test")):
        data = folder / "data" / name
        data.mkdir()
        tables: dict[str, list[str]] = {"wav.scp": [], "utt2spk": [], "text": []}
        for speaker, number in itertools.product(("ann", "bob"), (1, 2)):
            utterance = f"{speaker}-{number}"
            audio = write_audio(data / f"{utterance}.wav", babble(2, 10 * seed + number))
            for table, value in (("wav.scp", str(audio)), ("utt2spk", speaker), ("text", "TEA TWO")):
                tables[table].append(f"{utterance} {value}\n")
        tables["spk2utt"] = [f"{speaker} {speaker}-1 {speaker}-2\n" for speaker in ("ann", "bob")]
        for table, lines in tables.items():
            (data / table).write_text("".join(lines))
    return folder


@pytest.fixture
def inside(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the workplace as the current folder."""
    shutil.copytree(workplace, tmp_path / "here", symlinks=True)
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path / "here"


@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python(page: str, inside: Path) -> None:
    names: dict[str, object] = {"__name__": page}
    for block in (block for block in all_blocks("python") if block.page == page):
        code = compile("\n" * block.line + block.text, block.page, "exec")
        if not block.comment.startswith(NOT_RUN):
            exec(code, names)
            continue
        for node in ast.walk(ast.parse(block.text)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("blasr"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), str(block)


RUN_PAGES = sorted({block.page for block in all_blocks("bash") if block.comment == "run"})


@pytest.mark.parametrize("page", RUN_PAGES)
def test_commands_run(page: str, inside: Path) -> None:
    """Run the blocks of a page with the comment ``run``, in their order."""
    for block in (block for block in all_blocks("bash") if block.page == page and block.comment == "run"):
        for words in commands_of(block.text):
            assert words[0] == "blasr", f"{block}: only blasr runs"
            assert main(words[1:]) == 0, f"{block}: {' '.join(words)}"


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_configurations(block: Block) -> None:
    mapping = yaml.safe_load(block.text)
    if block.comment.startswith(NOT_RUN):
        return
    part_of_a_configuration(mapping)


def part_of_a_configuration(mapping: dict[str, object]) -> None:
    """Parse sections of a configuration; what they do not contain gets a value that fits."""
    vision = isinstance(mapping.get("model"), dict) and "num_classes" in dict(mapping["model"])  # type: ignore[call-overload]
    cls = VisionRunConfig if vision else RunConfig
    assert set(mapping) <= {field.name for field in dataclasses.fields(cls)}
    rest: dict[str, object] = {"experiment": "exp/x", "model": {"name": "bl_resnet22_a2b3"}}
    if vision or {"criterion", "binarize"} & ({*mapping, *_keys(mapping.get("training"))}):
        rest["initialize_from"] = "exp/first"
    parse_config(cls, {**rest, **mapping})


def _keys(section: object) -> set[str]:
    return set(section) if isinstance(section, dict) else set()


def test_a_wrong_key_is_found() -> None:
    with pytest.raises(Exception, match="epochs"):
        part_of_a_configuration({"training": {"epoch": 3}})
