"""No command line may name an output that would destroy an input: a walk over every command."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from blasr.cli.main import SUBCOMMANDS, build_parser, main
from blasr.cli.path_roles import (
    BEST_PATH_OUTPUTS,
    CHECKED_LATER,
    GMM,
    IN_PLACE,
    OUT_FOLDERS,
    READS,
    TABLES_READ,
    TOOL_INPUTS,
    TOOL_OUTPUTS,
    WRITES,
    check_experiment_paths,
    check_paths,
    files_read,
    files_written,
)
from blasr.errors import ConfigError

NOT_PATHS = {
    "name",
    "pattern",
    "oov",
    "optional_silence",
    "unknown",
    "dataset",
    "overrides",
    "device",
    "checkpoint",
    "host",
    "origins",
    "keep",
    "utterance",
}


def _parsers(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below or _texts(parser):
        yield " ".join(words), parser
    for action in below:
        for name, child in action.choices.items():
            if words or name == parser_name:
                yield from _parsers(child, (*words, name))


def _texts(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments that take a path or any text."""
    plain = [action for action in parser._actions if action.nargs != 0 and not action.choices]
    return [action for action in plain if action.type in (None, str, Path)]


COMMANDS: dict[str, argparse.ArgumentParser] = {}
for parser_name in SUBCOMMANDS:
    COMMANDS |= dict(_parsers(build_parser(parser_name), ()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_path_on_every_command_line_is_an_input_or_an_output(command: str) -> None:
    parser = COMMANDS[command]
    if command.startswith("kaldi "):
        known = {*TOOL_INPUTS, *TOOL_OUTPUTS, *BEST_PATH_OUTPUTS}
    else:
        known = {*READS, *WRITES, *TABLES_READ, *NOT_PATHS}
    assert [action.dest for action in _texts(parser) if action.dest not in known] == []


def _namespace(command: str, values: dict[str, object]) -> argparse.Namespace:
    subcommand, _, name = command.partition(" ")
    names = {"tool": name} if subcommand == "kaldi" else {"command": name} if name else {}
    return argparse.Namespace(subcommand=subcommand, **names, **values)


def _pairs(*, tools: bool) -> Iterator[tuple[str, str, str]]:
    for command, parser in COMMANDS.items():
        if command in CHECKED_LATER or command.startswith("kaldi ") != tools:
            continue
        names = [action.dest for action in _texts(parser)]
        written = (
            BEST_PATH_OUTPUTS if command == "kaldi lattice-best-path" else TOOL_OUTPUTS if tools else WRITES.keys()
        )
        outputs = [name for name in names if name in written]
        inputs = [name for name in names if name in (TOOL_INPUTS if tools else READS) and name not in written]
        yield from ((command, output, source) for output in outputs for source in inputs)


@pytest.mark.parametrize(("command", "output", "source"), list(_pairs(tools=False)))
def test_an_output_cannot_be_a_file_that_is_read(command: str, output: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_text("content\n")
    link = tmp_path / "link"
    link.symlink_to(path)
    for other in (path, link, tmp_path / "absent" / ".." / "input"):
        with pytest.raises(ConfigError, match="must not be overwritten"):
            check_paths(_namespace(command, {output: other, source: [path] if source == "sources" else path}))


def test_statistics_go_into_the_data_directory_and_harm_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/wav.scp").touch()
    check_paths(_namespace("data cmvn", {"out": tmp_path / "data", "directory": tmp_path / "data"}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/cmvn.scp").symlink_to(tmp_path / "data/wav.scp")
    with pytest.raises(ConfigError, match="would overwrite a file of"):
        check_paths(_namespace("data cmvn", {"out": tmp_path / "out", "directory": tmp_path / "data"}))


@pytest.mark.parametrize(("command", "output", "source"), list(_pairs(tools=False)))
def test_a_folder_of_outputs_cannot_be_a_folder_that_is_read(
    command: str, output: str, source: str, tmp_path: Path
) -> None:
    if (output, source) in (("kaldi_dir", "lattices"), ("out", "combine")) or command in IN_PLACE:
        return  # as in Kaldi's layout; what they read is not written
    folder = tmp_path / "a" / "input"
    folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(ConfigError, match=r"is the same as .* must not be overwritten"):
        check_paths(_namespace(command, {output: tmp_path / "link", source: folder}))
    if output == "out" and command in OUT_FOLDERS:
        with pytest.raises(ConfigError, match="contains"):
            check_paths(_namespace(command, {output: tmp_path / "a", source: folder}))
    if READS[source] is None:
        with pytest.raises(ConfigError, match="lies inside"):
            check_paths(_namespace(command, {output: tmp_path / "link" / "b" / "c", source: folder}))
    else:
        check_paths(_namespace(command, {output: folder / "b" / "c", source: folder}))


@pytest.mark.parametrize(("command", "output", "source"), list(_pairs(tools=True)))
def test_a_tool_cannot_write_what_it_reads(command: str, output: str, source: str, tmp_path: Path) -> None:
    archive, script = tmp_path / "a.ark", tmp_path / "a.scp"
    archive.write_bytes(b"content")
    script.write_text(f"u1 {archive}:3\nu2 {archive}:9\n")
    for read in (str(archive), f"ark:{archive}", f"scp:{script}", f"scp,p:{script}", f"ark:cat {archive} |"):
        for written in (str(archive), f"ark,t:{archive}", f"ark,scp:{archive},{tmp_path}/b.scp"):
            with pytest.raises(ConfigError, match="must not be overwritten"):
                check_paths(_namespace(command, {output: written, source: read}))
    with pytest.raises(ConfigError, match="must not be overwritten"):
        check_paths(_namespace(command, {output: f"ark,scp:{tmp_path}/b.ark,{script}", source: f"scp:{script}"}))
    for written in ("-", "ark,t:-", "ark:/dev/null", f"ark:{tmp_path}/b.ark", "ark:| gzip -c > b.gz"):
        check_paths(_namespace(command, {output: written, source: f"scp:{script}"}))


def test_the_files_of_extended_filenames(tmp_path: Path) -> None:
    assert [*files_read("ark:gunzip -c ali.1.gz ali.2.gz |")] == [Path("ali.1.gz"), Path("ali.2.gz")]
    assert [*files_read("feats.ark:120")] == [Path("feats.ark")]
    assert [*files_written("ark:| gzip -c > ali.1.gz")] == [Path("ali.1.gz")]
    assert [*files_written("ark,scp:a.ark,a.scp")] == [Path("a.ark"), Path("a.scp")]
    script = tmp_path / "out.scp"
    script.write_text("u1 one.mat\nu2 two.mat\n")
    assert [*files_written(f"scp:{script}")] == [Path("one.mat"), Path("two.mat")]


def test_a_subset_never_destroys_its_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "q"
    source.mkdir()
    (source / "utt2spk").write_text("".join(f"u{number} s\n" for number in range(5)))
    before = (source / "utt2spk").read_bytes()
    copy = tmp_path / "links"  # as cp -rs makes it
    copy.mkdir()
    (copy / "utt2spk").symlink_to(source / "utt2spk")
    for out in (source, source / "sub", tmp_path, copy):
        assert main(["data", "subset", "--data", str(source), "--first", "2", "--out", str(out)]) == 2
        message = capsys.readouterr().err
        assert "must not be overwritten\n  fix: name another place with --out" in message
    assert (source / "utt2spk").read_bytes() == before
    assert main(["data", "subset", "--data", str(source), "--first", "2", "--out", str(tmp_path / "p")]) == 0


def test_layouts_of_the_recipes_are_accepted(tmp_path: Path) -> None:
    """The folders of recipes/common/recognition.sh, recipes/swbd and recipes/kaldi, twice: outputs may exist."""
    for name in ("data", "lang", "tri/graph", "tri/dev", "net/test/dump.1", "net/bundle"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("tri/final.mdl", "tri/graph/HCLG.fst", "tri/dev/lat.ark", "net/final.yaml", "data/text"):
        (tmp_path / name).write_text("content")
    for name in ("tri/graph/words.txt", "tri/dev/score.json", "tri/setting.json", "net/test/loglikes.ark"):
        (tmp_path / name).write_text("content")
    (tmp_path / "net/test/loglikes.scp").write_text(f"u {tmp_path}/net/test/loglikes.ark:2\n")
    path = {name: tmp_path / name for name in ("data", "lang", "tri", "net", "tri/graph", "tri/dev", "net/test")}
    model, scp = tmp_path / "tri/final.mdl", f"scp:{tmp_path}/net/test/loglikes.scp"
    for command, values in (
        ("graph", {"lang": path["lang"], "gmm": path["tri"], "out": path["tri/graph"]}),
        ("dump", {"data": path["data"], "gmm": path["tri"], "out": path["tri/dev"]}),
        ("dump", {"data": path["data"], "experiment": path["net"], "out": path["net/test"]}),
        ("dump", {"combine": [path["net/test"] / "dump.1"], "out": path["net/test"]}),
        ("decode", {"graph": path["tri/graph"], "model": model, "loglikes": scp, "out": path["net/test"]}),
        ("decode", {"graph": path["tri/graph"], "model": model, "out": path["tri/dev"]}),
        (
            "score text",
            {"ref": path["data"] / "text", "lattices": path["tri/dev"], "json": path["tri/dev"] / "score.json"},
        ),
        ("score text", {"lattices": path["tri/dev"], "kaldi_dir": path["tri/dev"]}),
        ("score text", {"lattices": path["tri/dev"], "freeze": path["tri"] / "setting.json"}),
        ("lattice 1best", {"lattices": path["tri/dev"], "out": path["tri/dev"] / "best_path.txt"}),
        ("bundle", {"experiment": path["net"], "graph": path["tri/graph"], "out": path["net"] / "bundle"}),
        ("transcribe", {"files": [tmp_path / "a.wav"], "out": tmp_path}),
    ):
        check_paths(_namespace(command, dict(values)))


def test_files_of_shared_folders_are_not_overwritten(tmp_path: Path) -> None:
    for name in ("lat.1.gz", "a.txt", "ctm"):
        (tmp_path / name).write_text("content")
    for command, values in (
        ("lattice determinize", {"lattices": tmp_path, "out": tmp_path / "lat.1.gz"}),
        ("decode", {"loglikes": f"ark:{tmp_path}/ctm", "out": tmp_path}),
        ("transcribe", {"files": [tmp_path / "a.txt"], "out": tmp_path}),
        ("explain text", {"json": tmp_path / "x", "html": tmp_path / "x"}),
    ):
        with pytest.raises(ConfigError):
            check_paths(_namespace(command, dict(values)))


def test_an_experiment_never_overwrites_its_inputs(tmp_path: Path) -> None:
    for name in ("data", "ali", "exp"):
        (tmp_path / name).mkdir()
    config = tmp_path / "exp" / "config.yaml"
    config.write_text("same")

    def check(experiment: Path, written: str = "same") -> None:
        inputs = {
            "data.train": (tmp_path / "data", None),
            "data.valid": (None, None),
            "data.alignments": (tmp_path / "ali", GMM),
        }
        check_experiment_paths(experiment, config, written, inputs)

    check(tmp_path / "exp")  # resumes from the configuration that it wrote
    check(tmp_path / "ali" / "network")
    for experiment in (tmp_path / "data", tmp_path / "data" / "network", tmp_path / "ali", tmp_path):
        with pytest.raises(ConfigError, match="must not be overwritten"):
            check(experiment)
    with pytest.raises(ConfigError, match="would overwrite the configuration"):
        check(tmp_path / "exp", "other")
