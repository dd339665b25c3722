"""The messages of vosk-server's WebSocket protocol, from clients. Answers are in ``inference/live_messages.py``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

MIN_RATE, MAX_RATE = 4000, 192_000
MAX_PHRASES: Final = 10_000
MAX_ALTERNATIVES: Final = 100


class ProtocolError(Exception):
    """A message that ends the session; the text is the reason that the client is given."""


class ClientCommand(Enum):
    """What a text message asks for, apart from a configuration."""

    END = "eof"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What a client asks for.

    Attributes:
        sample_rate: of its audio, in Hz; None for the network's.
        words: whether final results list the words with their times, as vosk-server does by default.
        max_alternatives: how many word sequences to return; 0 for the best one in the usual form.
        phrases: the only phrases that can be recognized; None for the bundle's own graph.
    """

    sample_rate: int | None = None
    words: bool = True
    max_alternatives: int = 0
    phrases: tuple[str, ...] | None = None


def parse_text(text: str, config: ClientConfig) -> ClientConfig | ClientCommand:
    """Return what a text message asks for.

    Args:
        text: the message.
        config: what the client has asked for before; a new configuration may give any part.

    Raises:
        ProtocolError: the message is not one of the protocol.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError(f"expected JSON or binary audio, found text {_quoted(text)}") from None
    if isinstance(message, Mapping):
        for command in ClientCommand:
            if message.get(command.value):
                return command
        if isinstance(message.get("config"), Mapping):
            return _configured(config, message["config"])
    raise ProtocolError(f"expected config, eof or reset, found {_quoted(text)}")


def _configured(config: ClientConfig, asked: Mapping[str, Any]) -> ClientConfig:
    """Return a configuration with what was asked for; unknown keys are for other servers."""
    rate, phrases = config.sample_rate, config.phrases
    if "sample_rate" in asked:
        rate = round(_number(asked, "sample_rate", MIN_RATE, MAX_RATE))
    if "phrase_list" in asked:
        phrases = _phrases(asked["phrase_list"])
    return ClientConfig(
        sample_rate=rate,
        words=bool(_number(asked, "words", 0, 1)) if "words" in asked else config.words,
        max_alternatives=round(_number(asked, "max_alternatives", 0, MAX_ALTERNATIVES))
        if "max_alternatives" in asked
        else config.max_alternatives,
        phrases=phrases,
    )


def _number(asked: Mapping[str, Any], key: str, least: float, most: float) -> float:
    """Return a number, a yes or no, or either of them as text."""
    value = asked[key]
    if isinstance(value, str):
        value = {"true": 1, "false": 0}.get(value.lower(), value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        raise ProtocolError(f"{key}: expected a number from {least} to {most}, found {_quoted(value)}")
    return number


def _phrases(value: Any) -> tuple[str, ...] | None:
    """Return the phrases, as a list or as JSON text of a list; an empty list means the bundle's own graph."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ProtocolError(f"phrase_list: expected a list, found {_quoted(value)}") from None
    if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
        raise ProtocolError(f"phrase_list: expected a list of phrases, found {_quoted(value)}")
    if len(value) > MAX_PHRASES:
        raise ProtocolError(f"phrase_list: found {len(value)} phrases, expected at most {MAX_PHRASES}")
    phrases = tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in value if phrase.strip()))
    return phrases or None


def _quoted(value: object) -> str:
    """Return the beginning of a value, short enough for the reason of a close (123 bytes in all)."""
    text = str(value)
    return repr(text if len(text) <= 30 else text[:30] + "...")
