"""The options that several subcommands share, each with one name, metavar and help text, and their types.

Every type function takes the text of one argument and raises :class:`argparse.ArgumentTypeError`, so that a bad value
is refused before anything is read or imported.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from blasr.errors import ConfigError


class OptionContainer(Protocol):
    """A parser or an argument group."""

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add one argument."""
        ...


def number(text: str) -> float:
    """Return a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a number, found {text!r}")
    return value


def positive_number(text: str) -> float:
    """Return a finite number above 0."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value


def non_negative_number(text: str) -> float:
    """Return a finite number, 0 or more."""
    value = number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, found {text!r}")
    return value


def share(text: str) -> float:
    """Return a number from 0 to 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found {text!r}")
    return value


def integer(text: str) -> int:
    """Return a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, found {text!r}") from None


def positive_integer(text: str) -> int:
    """Return a whole number, 1 or more."""
    value = integer(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {text!r}")
    return value


def non_negative_integer(text: str) -> int:
    """Return a whole number, 0 or more."""
    value = integer(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, found {text!r}")
    return value


def worker_count(text: str) -> int:
    """Return the number of workers; 0 becomes the number of cores that this process may use."""
    return non_negative_integer(text) or len(os.sched_getaffinity(0))


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a list such as ``0,0.5,1``, without duplicates, in their order."""
    try:
        return tuple(dict.fromkeys(number(part) for part in text.split(",")))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"expected numbers such as 0,0.5,1, found {text!r}") from None


def positive_numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a range of whole numbers such as ``7-20``, or of a list such as ``7,10,12.5``."""
    first, dash, last = text.partition("-")
    if dash and first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last):
        return tuple(float(value) for value in range(int(first), int(last) + 1))
    try:
        return tuple(dict.fromkeys(positive_number(part) for part in text.split(",")))
    except argparse.ArgumentTypeError:
        expected = "expected numbers above 0 such as 7-20 or 7,10,12.5"
        raise argparse.ArgumentTypeError(f"{expected}, found {text!r}") from None


def positive_integers(text: str) -> tuple[int, ...]:
    """Return the whole numbers, 1 or more, of a list such as ``1,1,2``."""
    try:
        return tuple(positive_integer(part) for part in text.split(","))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"expected whole numbers such as 1,1,2, found {text!r}") from None


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list such as ``[noise],<unk>``; commas or spaces separate them."""
    return tuple(text.replace(",", " ").split())


@dataclass(frozen=True)
class SharedOption:
    """One row of :data:`SHARED_OPTIONS`.

    Attributes:
        help: what the option is, the same in every subcommand.
        arguments: what else ``add_argument`` receives.
        joiner: the punctuation between the help and a subcommand's note.
    """

    help: str
    arguments: Mapping[str, Any]
    joiner: str = "; "


def _path(metavar: str, help_text: str, joiner: str = "; ") -> SharedOption:
    return SharedOption(help_text, {"type": Path, "metavar": metavar}, joiner)


def _value(type_function: Any, metavar: str, help_text: str, default: Any = None) -> SharedOption:
    return SharedOption(help_text, {"type": type_function, "metavar": metavar, "default": default})


def _yes_no(help_text: str) -> SharedOption:
    return SharedOption(help_text, {"action": argparse.BooleanOptionalAction, "default": False})


SHARED_OPTIONS: Final[Mapping[str, SharedOption]] = {
    # inputs
    "--data": _path("DIR", "a Kaldi data directory"),
    "--lang": _path("DIR", "a lang directory, as blasr lang writes it"),
    "--experiment": _path("DIR", "the directory of a trained network, as blasr train writes it"),
    "--gmm": _path("DIR", "a directory with a GMM's final.mdl and tree"),
    "--model": _path("FILE", "a final.mdl"),
    "--tree": _path("FILE", "a tree"),
    "--graph": _path("DIR", "a directory with HCLG.fst and words.txt, or HCLG.fst itself"),
    "--bundle": _path("DIR", "a bundle, as blasr bundle writes it"),
    "--words": _path("FILE", "the words.txt of the word-ids"),
    "--lattices": _path("PATH", "an archive of lattices, or a directory with lat.ark or lat.1.gz, lat.2.gz, ..."),
    "--text": _path("FILE", "a text", ": "),
    "--ref": _path("FILE", "the references", ": "),
    "--hyp": _path("FILE", "the hypotheses", ": "),
    "--glm": _path("FILE", "NIST's spelling rules, applied to references and hypotheses"),
    "--old-lm": _path("FILE", "the language model to replace: G.fst or an ARPA model"),
    "--new-lm": _path("FILE", "the language model that replaces it: G.fst or an ARPA model"),
    "--setting": _path("FILE", "the setting that blasr tune or blasr score --freeze wrote"),
    # outputs
    "--out": _path("PATH", "the output", ": "),
    "--json": _path("FILE", "also write the results as JSON"),
    # language model weight and word insertion penalty
    "--lm-weight": _value(positive_number, "X", "language model weight: acoustic costs are divided by it", 10.0),
    "--word-ins-penalty": _value(number, "X", "word insertion penalty: the cost added for every word", 0.0),
    "--lm-weights": _value(positive_numbers, "LIST", "language model weights, such as 7-20 or 7,10,12.5", "7-20"),
    "--word-ins-penalties": _value(numbers, "LIST", "word insertion penalties, such as 0,0.5,1", "0,0.5,1"),
    # search
    "--beam": _value(positive_number, "X", "pruning beam"),
    "--lattice-beam": _value(positive_number, "X", "beam of the lattices"),
    "--acoustic-scale": _value(positive_number, "X", "scale of the acoustic log-likelihoods"),
    "--max-active": _value(positive_integer, "N", "maximum number of active states in a frame"),
    "--min-active": _value(non_negative_integer, "N", "minimum number of active states in a frame, whatever the beam"),
    "--frame-shift": _value(positive_number, "SECONDS", "time from one frame to the next", 0.01),
    # the network
    "--checkpoint": _value(str, "NAME", "the experiment's checkpoint: final, epochN or averageM-N", "final"),
    "--prior-scale": _value(number, "X", "weight of the log priors", 1.0),
    "--precision": SharedOption(
        "what the network computes in; bfloat16 is faster where the processor or the GPU has it",
        {"choices": ("float32", "bfloat16"), "default": "float32"},
    ),
    "--device": _value(str, "NAME", "auto, cpu, cuda or cuda:N", "auto"),
    # the run
    "--nj": _value(worker_count, "N", "workers; 0 for all cores", 1),
    "--seed": _value(integer, "N", "seed of the random numbers", 0),
    "--max-loss": _value(share, "SHARE", "share of the utterances that may be lost, from 0 to 1", 0.05),
    "--allow-pipes": _yes_no("run the commands in wav.scp"),
    "--utterance-ids": _yes_no("lines begin with an utterance-id, as in Kaldi's text"),
}
_UNCHANGED: Final[Any] = object()


def add_option(
    container: OptionContainer,
    name: str,
    *,
    required: bool = False,
    default: Any = _UNCHANGED,
    nargs: str | None = None,
    note: str = "",
) -> None:
    """Add a shared option to a parser or to a group.

    Args:
        container: the parser or group.
        name: a key of :data:`SHARED_OPTIONS`.
        required: whether the subcommand needs it.
        default: the default in this subcommand.
        nargs: ``+`` if the option takes several values.
        note: what is special about it in this subcommand; the help text ends with it.
    """
    row = SHARED_OPTIONS[name]
    arguments = dict(row.arguments)
    if required:
        arguments["required"] = True
        arguments.pop("default", None)
    elif default is not _UNCHANGED:
        arguments["default"] = default
    if nargs is not None:
        arguments["nargs"] = nargs
    container.add_argument(name, help=f"{row.help}{row.joiner}{note}" if note else row.help, **arguments)


def add_network_options(container: OptionContainer, note: str = "") -> None:
    """Add the weights, the prior scale and the setting that gives both their defaults.

    Args:
        container: the parser or group.
        note: when the options apply.
    """
    source = f"{note}; default: the tuned one, or" if note else "default: the tuned one, or"
    add_option(container, "--checkpoint", default=None, note=f"{source} final")
    add_option(container, "--prior-scale", default=None, note=f"{source} 1")
    add_option(
        container, "--setting", note=f"{note}; default: the experiment's setting.json, if it exists".lstrip("; ")
    )


def check_gmm(gmm: Path | None, *, alternative: str = "") -> None:
    """Refuse a ``--gmm`` that is a file.

    Args:
        gmm: the value of ``--gmm``.
        alternative: an option of the subcommand that accepts the file.

    Raises:
        ConfigError: it is a file.
    """
    if gmm is not None and gmm.is_file():
        other = f", or {alternative} {gmm}" if alternative else ""
        raise ConfigError("--gmm is a file, expected a directory", path=gmm, fix=f"give --gmm {gmm.parent}{other}")


def add_yes_no(container: OptionContainer, name: str, help_text: str, *, default: bool = False) -> None:
    """Add an option of the form ``--x/--no-x``."""
    container.add_argument(name, action=argparse.BooleanOptionalAction, default=default, help=help_text)


def add_overrides(container: OptionContainer) -> None:
    """Add ``--set SECTION.KEY=VALUE``; the values are collected in ``overrides``."""
    container.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="override one key of the configuration; may be repeated",
    )
