"""Configurations of the server that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blasr.errors import ConfigError
from blasr.serving.config import ServerConfig
from tests.serving.servers import recognizer

__all__ = ["recognizer"]  # a fixture


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"host": "0.0.0.0"}, "needs TLS and a token"),
        ({"host": "0.0.0.0", "certificate": Path("a"), "key": Path("b")}, "needs TLS and a token"),
        ({"certificate": Path("a")}, "belong together"),
        ({"port": 70000}, "expected 0 to 65535"),
        ({"workers": 0}, "workers is 0"),
        ({"origins": ("https://example.org/",)}, "https://example.org/ is not an origin"),
        ({"origins": ("example.org",)}, "example.org is not an origin"),
        ({"idle_seconds": 0.0}, "idle_seconds is 0"),
    ],
)
def test_configurations_that_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ServerConfig(**values)
    assert ServerConfig(host="0.0.0.0", insecure=True).is_loopback is False
    assert ServerConfig(host="::1").is_loopback and ServerConfig(host="localhost").is_loopback
