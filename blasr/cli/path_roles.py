"""Which options of the command line name inputs and which name outputs, so that no output can destroy an input.

:func:`check_paths` runs before every command. An option that is in none of the tables fails a test.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from blasr.io.input_safety import ALL, Input, Output, check_inputs_survive

Patterns = tuple[str, ...]

LATTICES: Final[Patterns] = ("lat.ark", "lat.*.gz")
GMM: Final[Patterns] = ("final.*", "tree", "ali.*", "phones.txt", "num_jobs", "mfcc.yaml")
NETWORK: Final[Patterns] = ("*.yaml", "*.safetensors", "model.*", "priors.*", "final.mdl", "tree", "phones.txt")
GRAPH: Final[Patterns] = ("HCLG.fst", "words.txt", "whole_words.txt", "phones.txt", "phones/*", "num_pdfs")
DUMP: Final[Patterns] = ("loglikes.*", "manifest.json")

READS: Final[Mapping[str, Patterns | None]] = {
    # folders in which nothing else may be written, and files
    **dict.fromkeys(("data", "directory", "sources", "lang", "bundle", "subwords")),
    **dict.fromkeys(("config", "model", "tree", "words", "text", "ref", "hyp", "a", "b", "glm", "utt2spk", "setting")),
    **dict.fromkeys(("old_lm", "new_lm", "arpa", "grammar", "first", "second", "tune", "vocabulary", "lexicon")),
    **dict.fromkeys(("nonsilence_phones", "extra_questions", "whole", "dictionary", "ctm", "utt_list", "spk_list")),
    **dict.fromkeys(
        ("cmvn", "global_cmvn", "files", "released", "stm", "certificate", "key", "token_file", "confidences")
    ),
    # folders that have subfolders and files of other commands
    **dict.fromkeys(("experiment", "little", "big"), NETWORK),
    "experiments": (*NETWORK, "*.json", "metrics.*"),
    "gmm": GMM,
    "alignments": GMM,
    "graph": GRAPH,
    "lattices": LATTICES,
    "forced": LATTICES,
    "combine": DUMP,
}
"""The inputs: for folders that commands share, the patterns of their files."""

TABLES_READ: Final = frozenset({"loglikes"})
"""The inputs that are rspecifiers."""

WRITES: Final[Mapping[str, Patterns | None]] = {
    **dict.fromkeys(("out", "json", "html", "freeze", "costs", "missing_list", "hyp_out", "manifest", "plot")),
    "kaldi_dir": ("wer_*", "scoring/*"),
    "pictures": ("*.png",),
}
"""The outputs: for folders, the patterns of what is written there."""

DATA_TABLES: Final[Patterns] = (
    "utt2*", "spk2*", "reco2*", "text", "segments", "wav.scp", "feats.scp", "cmvn.scp", "vad.scp"
)  # fmt: skip
CMVN: Final[Patterns] = ("cmvn.*", "global_cmvn.stats")
IN_PLACE: Final[Mapping[str, Patterns]] = {
    "data cmvn": ("utt2*", "spk2*", "reco2*", "text", "segments", "wav.scp", "feats.scp", "vad.scp")
}
"""The commands that may write into the data directory, and its files that they do not write."""
OUT_FOLDERS: Final[Mapping[str, Patterns]] = {
    **dict.fromkeys(("data fix", "data subset", "data combine", "data perturb-speed"), DATA_TABLES),
    "data pack": (*DATA_TABLES, "audio.*"),
    "data cmvn": CMVN,
    "data augment": ALL,
    "subwords train": ALL,
    **dict.fromkeys(("bundle", "export", "cascade tune", "vision cascade"), ALL),
    "cascade evaluate": ("curve.*", "cascade.json"),
    "lang": ("phones/*", "phones.txt", "words.txt", "whole_words.txt", "oov.*", "topo", "*.fst", "*silprob.txt"),
    "align": ("ali.*", "final.*", "tree", "phones.txt", "num_jobs", "mfcc.yaml", "passes.jsonl"),
    "align export": ("words.ctm", "phones.ctm", "*.TextGrid"),
    "dump": DUMP,
    "graph": (*GRAPH, "disambig_tid.int"),
    "decode": ("lat.ark", "best_path.txt", "ctm", "decode.log"),
    "init recipe": ("recipes/*", "conf/*"),
    "transcribe": ("*.txt", "*.ctm", "*.json", "*.srt"),
}
"""The commands whose ``--out`` is a folder, and what they write there."""

JOINED: Final = frozenset({"kaldi_dir", "dump --combine", *IN_PLACE})
"""Folders of results that may be, or contain, the folders that are read, as in Kaldi's layout."""

EXPERIMENT_FILES: Final[Patterns] = (
    *NETWORK, "*.json", "metrics.*", "train.log", "tensorboard/*", "speaker_stats/*"
)  # fmt: skip
"""What a training run writes into its folder."""

CHECKED_LATER: Final = frozenset({"train", "vision train"})
"""The commands that name their paths in a YAML file."""

TOOL_OUTPUTS: Final = frozenset({"target", "write_num_frames"})
TOOL_INPUTS: Final = frozenset({
    "source", "alignments", "lattices", "model", "tree", "phones", "occupancies", "symbol_table", "word_symbol_table"
})  # fmt: skip
BEST_PATH_OUTPUTS: Final = frozenset({"words", "alignments"})
"""The outputs of ``blasr kaldi lattice-best-path``."""


def check_paths(args: argparse.Namespace) -> None:
    """Refuse a command line on which an output would destroy an input.

    Raises:
        ConfigError: an output is, contains, lies inside or overwrites an input; or two outputs are the same file.
    """
    command = " ".join(filter(None, (args.subcommand, getattr(args, "command", None))))
    if command in CHECKED_LATER or getattr(args, "check", False) is True:
        return
    if command == "kaldi":
        check_inputs_survive(*_tool_paths(args))
        return
    values = vars(args)
    reads = {**READS, **({"directory": IN_PLACE[command]} if command in IN_PLACE else {})}
    inputs = [Input(_option(name), path, reads[name]) for name in reads for path in _paths(values.get(name))]
    for name in TABLES_READ & values.keys():
        inputs += [Input(_option(name), path) for path in files_read(values[name])]
    outputs = []
    for name, patterns in WRITES.items():
        for path in _paths(values.get(name)):
            joins = (
                name in JOINED
                or command in JOINED
                or (name == "out" and values.get("combine") is not None and f"{command} --combine" in JOINED)
            )
            writes = OUT_FOLDERS.get(command) if name == "out" else patterns
            in_graph = command == "graph" and name == "out" and path.suffix == ".fst"
            outputs.append(Output(_option(name), path.parent if in_graph else path, writes, joins))
    if isinstance(table := values.get("out"), str):  # a wspecifier
        outputs += [Output("--out", path) for path in files_written(table) if str(path) != "-"]
    check_inputs_survive(outputs, inputs)


def check_experiment_paths(
    experiment: Path, config: Path, written: str, inputs: Mapping[str, tuple[Path | None, Patterns | None]]
) -> None:
    """Refuse a training whose experiment directory would destroy an input.

    Args:
        experiment: the directory that receives everything.
        config: the configuration; it may be the one in the experiment directory if it stays as it is.
        written: what will be written there as the configuration.
        inputs: for the key of every other input its path, and the patterns of its files as in :data:`READS`.

    Raises:
        ConfigError: as :func:`check_paths`.
    """
    found = [Input(key, path, patterns) for key, (path, patterns) in inputs.items() if path is not None]
    if config.is_file() and config.read_text(encoding="utf-8-sig") != written:
        found.append(Input("the configuration", config))
    check_inputs_survive([Output("the experiment", experiment, EXPERIMENT_FILES)], found)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _paths(value: object) -> list[Path]:
    """The paths of an argument: none, one or several."""
    if isinstance(value, list | tuple):
        return [path for path in value if isinstance(path, Path)]
    return [value] if isinstance(value, Path) else []


def _tool_paths(args: argparse.Namespace) -> tuple[list[Output], list[Input]]:
    """The outputs and inputs of one of Kaldi's tools."""
    is_best_path = args.tool == "lattice-best-path"
    written = BEST_PATH_OUTPUTS if is_best_path else TOOL_OUTPUTS
    outputs, inputs = [], []
    for name, value in vars(args).items():
        if not isinstance(value, str):
            continue
        what = f"the argument {name}"
        if name in written:
            outputs += [Output(what, path) for path in files_written(value)]
        elif name in TOOL_INPUTS:
            inputs += [Input(what, path) for path in files_read(value)]
    return outputs, inputs


def files_read(name: str | None) -> Iterator[Path]:
    """Yield the files that an rspecifier or an extended filename reads, with those that a script names."""
    from blasr.errors import BlasrError
    from blasr.io.kaldi.pipes import decompressed_files, is_command
    from blasr.io.kaldi.script_files import read_script
    from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, is_table

    if name is None:
        return
    table = Rspecifier.parse(name) if is_table(name) or name.endswith(".scp") else None
    path = ScriptEntry.parse(name).file if table is None else table.path
    if is_command(path):
        yield from map(Path, decompressed_files(path) or ())
        return
    yield Path(path)
    if table is not None and table.kind == "scp" and Path(path).is_file():
        seen = set()
        try:
            for _, entry, _ in read_script(path):
                seen.add(ScriptEntry.parse(entry).file)
        except BlasrError:
            pass  # the command itself reports it
        yield from (Path(file) for file in sorted(seen) if not is_command(file))


def files_written(name: str) -> Iterator[Path]:
    """Yield the files that a wspecifier or an extended filename writes."""
    from blasr.io.kaldi.pipes import compressed_file, is_command
    from blasr.io.kaldi.specifiers import Rspecifier, Wspecifier, is_table

    if not is_table(name):
        names = [name]
    else:
        table = Wspecifier.parse(name)
        names = [part for part in (table.ark, table.scp) if part is not None]
        if table.ark is None:  # an existing script names the files
            script = Rspecifier("scp", str(table.scp))
            names = [str(path) for path in files_read(f"scp:{script.path}")][1:]
    for path in names:
        compressed = compressed_file(path)
        if compressed is not None or not is_command(path):
            yield Path(compressed or path)
