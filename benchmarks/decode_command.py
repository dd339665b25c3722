"""Where ``blasr decode`` spends its processor time, and what a second worker costs and saves.

First the phases of one command with one worker are measured in this process, by the time of their threads. Then the
whole command runs with each number of workers, and as two commands at once, each with half of the utterances.

    python -m benchmarks.decode_command --graph exp/graph --model exp/tri/final.mdl --lang exp/lang \\
        --loglikes scp:exp/test/loglikes.scp --utterances 20 --report benchmarks/reports/2026-11-28-decode-command.md

``--synthetic NOISE`` takes the task of ``benchmarks/decoder.py`` instead of these files.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import numba
import numpy as np

from benchmarks.decoder_task import make_task, write_task
from benchmarks.look_ahead import arrays_of
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.decoding.config import DecoderConfig, SearchBeams
from blasr.decoding.decode_output import DecodeOutput
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.lattice_output import lattice_arrays, lattice_of
from blasr.decoding.lattice_pruning import prune_active_tokens, prune_final
from blasr.decoding.look_ahead import Exchange
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_passing import advance, start_tokens
from blasr.decoding.token_store import first_tokens, new_frames
from blasr.io.atomic import atomic_open
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_matrices
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice import Lattice
from blasr.pipeline import loglike_sources
from blasr.pipeline.decode import DecodeConfig, decode
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.units import FloatArray

SAMPLING_SECONDS = 0.05


class Phases:
    """Seconds of processor time by phase, each in the thread that it runs in."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time added to a phase."""

        def call(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            result = function(*args, **kwargs)
            self.seconds[phase] += time.thread_time() - began
            return result

        return call

    def search(
        self, graph: SearchGraph, exchange: Exchange | None, loglikes: FloatArray, beams: SearchBeams
    ) -> Lattice:
        """Do what :func:`blasr.decoding.search.search` does, step by step."""
        frames = new_frames(len(loglikes))
        trellis = start_tokens(graph, exchange, first_tokens(exchange), frames, beams.beam)
        step, prune = self.timed("token passing", advance), self.timed("pruning", prune_active_tokens)
        for frame in range(len(loglikes)):
            if frame % beams.prune_interval == 0 and frame > 0:
                prune(trellis.store, frames, frame, beams.lattice_beam, beams.prune_delta)
            trellis = step(graph, exchange, trellis, frame, loglikes, beams)
        final = self.timed("pruning", prune_final)
        reached = final(graph.final, exchange, trellis.store, frames, len(loglikes), beams.lattice_beam)
        assemble = self.timed("lattice assembly", lattice_arrays)
        arrays = assemble(graph, exchange, trellis.store, frames, loglikes, reached)
        return lattice_of(arrays, reached_final=bool(reached))

    def matrices(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, FloatArray]]:
        """Do what :func:`blasr.io.kaldi.tables.read_matrices` does."""
        items = read_matrices(*args, **kwargs)
        read = self.timed("reading log-likelihoods", next)
        while (item := read(items, None)) is not None:
            yield item


@dataclass(frozen=True)
class Run:
    """One or more commands at once: clock and user seconds, and the peaks of their memory together in MiB."""

    name: str
    clock: float
    user: float
    resident: float
    proportional: float


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--lang", type=Path)
    parser.add_argument("--loglikes", help="a script file, scp:FILE")
    parser.add_argument("--synthetic", type=float, metavar="NOISE", help="make the synthetic task with this noise")
    parser.add_argument("--utterances", type=int, default=20, help="decode only the first ones (default: 20)")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--report", type=Path, help="also write the report there")
    add_search_options(parser)
    args = parser.parse_args()
    if (args.synthetic is None) == (None in (args.graph, args.model, args.loglikes)):
        parser.error("give either --graph, --model and --loglikes, or --synthetic")
    with tempfile.TemporaryDirectory(prefix="blasr-") as name:
        folder = Path(name)
        if args.synthetic is not None:
            write_task(make_task(folder, num_utterances=args.utterances, noise=args.synthetic), folder)
            args.graph, args.model, args.lang = folder / "HCLG.fst", folder / "final.mdl", folder / "lang"
            args.loglikes = f"scp:{folder}/loglikes.scp"
        lines = Path(args.loglikes.removeprefix("scp:")).read_text(encoding="utf-8").splitlines(keepends=True)
        halves = lines[: args.utterances : 2], lines[1 : args.utterances : 2]
        for table, rows in (("all", lines[: args.utterances]), ("one", halves[0]), ("other", halves[1])):
            (folder / f"{table}.scp").write_text("".join(rows), encoding="utf-8")
        phases, frames, graph = phases_of(args, folder)
        options = [f"--{option.replace('_', '-')}={getattr(args, option)}" for option in SEARCH_OPTIONS]
        command = [sys.executable, "-m", "blasr.cli", "decode", "--graph", str(args.graph), "--model", str(args.model)]
        command += [*options, *(["--lang", str(args.lang)] if args.lang else [])]
        runs = [
            run(
                f"1 command, {workers} worker{'s' if workers > 1 else ''}",
                [[*command, f"--loglikes=scp:{folder}/all.scp", f"--nj={workers}"]],
                folder,
            )
            for workers in args.workers
        ]
        pair = [[*command, f"--loglikes=scp:{folder}/{table}.scp"] for table in ("one", "other")]
        runs.append(run("2 commands, 1 worker each", pair, folder))
    text = report(args, phases, frames, graph, runs)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as stream:
            stream.write(text)


def phases_of(args: argparse.Namespace, folder: Path) -> tuple[dict[str, float], int, str]:
    """Decode in this process; return seconds by phase, the number of frames, and the graph's size in words."""
    phases = Phases()
    config = DecodeConfig(DecoderConfig(**{option: getattr(args, option) for option in SEARCH_OPTIONS}))
    inputs: list[DecodeInputs] = []
    read = DecodeInputs.read

    def keep(*given: Any) -> DecodeInputs:
        inputs.append(read(*given))
        return inputs[0]

    targets: list[tuple[object, str, Any]] = [
        (DecodeInputs, "read", phases.timed("reading the graph and the model", keep)),
        (LatticeDecoder, "__init__", phases.timed("laying out the graph", LatticeDecoder.__init__)),
        (loglike_sources, "read_matrices", phases.matrices),
        (sys.modules["blasr.decoding.lattice_decoder"], "search", phases.search),
        (
            sys.modules["blasr.pipeline.decode"],
            "determinize_lattice",
            phases.timed("determinization", determinize_lattice),
        ),
        (TableWriter, "write", phases.timed("writing lattices", TableWriter.write)),
        (DecodeOutput, "write", phases.timed("writing", DecodeOutput.write)),
    ]
    source = loglike_sources.ArchiveSource(f"scp:{folder}/all.scp", args.model)
    paths = DecodePaths(args.graph, lang=args.lang)
    decode(source, paths, folder / "warm", config)  # numba loads or compiles its functions, also those of the steps
    for target, name, replacement in targets:
        mock.patch.object(target, name, replacement).start()
    decode(source, paths, folder / "warm", config)
    phases.seconds.clear()
    inputs.clear()
    began = time.process_time()
    decode(source, paths, folder / "phases", config)
    total = time.process_time() - began
    mock.patch.stopall()
    seconds = dict(phases.seconds)
    seconds["best paths, words and their times"] = seconds.pop("writing") - seconds["writing lattices"]
    seconds["all else"] = total - sum(seconds.values())
    frames = sum(len(matrix) for _, matrix in islice(read_matrices(f"scp:{folder}/all.scp"), args.utterances))
    graph = inputs[0].graph
    search = LatticeDecoder(graph, inputs[0].model.transitions.tid_to_pdf)._graph
    megabytes = sum(array.nbytes for array in arrays_of(search)) / 2**20
    return (
        seconds,
        frames,
        f"{graph.num_states:,} states and {graph.num_arcs:,} arcs, {megabytes:.1f} MiB in the search",
    )


def run(name: str, commands: list[list[str]], folder: Path) -> Run:
    """Run commands at once and sample their memory."""
    began, before = time.monotonic(), os.times()
    processes = [
        subprocess.Popen([*command, f"--out={folder}/{name.replace(' ', '-')}-{number}"], stderr=subprocess.DEVNULL)
        for number, command in enumerate(commands)
    ]
    resident = proportional = 0.0
    while any(process.poll() is None for process in processes):
        sizes = [memory_of(process.pid) for process in processes]
        resident = max(resident, sum(size["Rss"] for size in sizes))
        proportional = max(proportional, sum(size["Pss"] for size in sizes))
        time.sleep(SAMPLING_SECONDS)
    clock = time.monotonic() - began
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{name} failed; run {' '.join(commands[0])}")
    return Run(name, clock, os.times().children_user - before.children_user, resident, proportional)


def memory_of(pid: int) -> dict[str, float]:
    """Return the resident and the proportional set size of a process in MiB; 0 once it has ended."""
    sizes = {"Rss": 0.0, "Pss": 0.0}
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            field, size = line.split(":")
            if field in sizes:
                sizes[field] = int(size.split()[0]) / 1024
    except OSError:
        pass
    return sizes


def report(args: argparse.Namespace, phases: dict[str, float], frames: int, graph: str, runs: list[Run]) -> str:
    """Return the report in Markdown."""
    total = sum(phases.values())
    options = " ".join(f"--{option.replace('_', '-')} {getattr(args, option)}" for option in SEARCH_OPTIONS)
    task = "--graph GRAPH --model final.mdl --lang LANG --loglikes LOGLIKES"
    if args.synthetic is not None:
        task = f"--synthetic {args.synthetic:g}"
    lines = [
        f"# Phases of `blasr decode`, and its workers, {datetime.date.today()}",
        "",
        f"Machine: {os.cpu_count()} cores; {platform.system()} {platform.machine()}; Python "
        f"{platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}. Load average "
        f"{os.getloadavg()[0]:.1f}: above 0, other work ran on the same machine and increased clock time.",
        "",
        f"Command: `python -m benchmarks.decode_command {task} --utterances {args.utterances} {options}`",
        "",
        f"{args.utterances} utterances, {frames:,} frames of 10 ms; the graph has {graph}.",
        "",
        "## Phases, one worker",
        "",
        "| phase | processor, s | microseconds a frame | share, % |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {phase} | {seconds:.2f} | {1e6 * seconds / frames:.1f} | {100 * seconds / total:.1f} |"
            for phase, seconds in sorted(phases.items(), key=lambda item: -item[1])
        ),
        f"| all | {total:.2f} | {1e6 * total / frames:.1f} | 100 |",
        "",
        "## Workers",
        "",
        "Times are for whole commands, including the start of Python. Memory is the peak of all processes together. "
        "Workers are threads of one process and share one graph.",
        "",
        "| run | user, s | clock, s | frames/s, clock | resident, MiB | proportional, MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {run.name} | {run.user:.1f} | {run.clock:.1f} | {frames / run.clock:,.0f} | {run.resident:.0f} | "
            f"{run.proportional:.0f} |"
            for run in runs
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
