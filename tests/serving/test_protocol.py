"""Text messages as clients write them, and hostile ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.serving.protocol import ClientCommand, ClientConfig, ProtocolError, parse_text

FIRST = ClientConfig()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"eof" : 1}', ClientCommand.END),
        ('{"eof":1}', ClientCommand.END),
        ('{"reset" : 1}', ClientCommand.RESET),
        ('{ "config" : { "sample_rate" : 8000 } }', ClientConfig(8000)),
        ('{"config":{"sample_rate":16000.0,"words":true}}', ClientConfig(16000, True)),
        ('{"config": {"words": 1, "max_alternatives": 3}}', ClientConfig(None, True, 3)),
        ('{"config": {"words": "false"}}', ClientConfig(None, False)),
        ('{"config": {"phrase_list": ["a  b", "c", "a b", " "]}}', ClientConfig(None, True, 0, ("a b", "c"))),
        ('{"config": {"phrase_list": []}}', ClientConfig()),
        ('{"config": {"phrase_list": "[\\"yes\\"]", "model": "other"}}', ClientConfig(None, True, 0, ("yes",))),
        ('{"config": {}}', ClientConfig()),
    ],
)  # fmt: skip
def test_messages_of_clients(text: str, expected: ClientConfig | ClientCommand) -> None:
    assert parse_text(text, FIRST) == expected


def test_a_second_configuration_keeps_the_rest() -> None:
    first = parse_text('{"config": {"sample_rate": 16000, "words": 1}}', FIRST)
    assert isinstance(first, ClientConfig)
    assert parse_text('{"config": {"max_alternatives": 2}}', first) == ClientConfig(16000, True, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "found text 'hello'"),
        ("[1]", "expected config, eof or reset"),
        ('{"eof": 0}', "expected config, eof or reset"),
        ('{"config": 5}', "expected config, eof or reset"),
        ('{"config": {"sample_rate": "fast"}}', "sample_rate: expected a number from 4000"),
        ('{"config": {"sample_rate": 1e999}}', "sample_rate"),
        ('{"config": {"sample_rate": null}}', "sample_rate"),
        ('{"config": {"sample_rate": 100}}', "sample_rate"),
        ('{"config": {"words": 7}}', "words"),
        ('{"config": {"max_alternatives": -1}}', "max_alternatives"),
        ('{"config": {"phrase_list": [1]}}', "list of phrases"),
        ('{"config": {"phrase_list": "one"}}', "expected a list"),
        ("[" * 100_000, "expected JSON"),
    ],
)
def test_other_messages_end_the_session(text: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as error:
        parse_text(text, FIRST)
    assert len(str(error.value).encode()) <= 123, "the reason of a close must be short"


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(str))
def test_any_text_is_understood_or_refused(text: str) -> None:
    for message in (text, f'{{"config": {{"sample_rate": {text}}}}}', f'{{"config": {{"phrase_list": {text}}}}}'):
        try:
            parse_text(message, FIRST)
        except ProtocolError:
            continue
