"""The limits of the server. Light: a command-line parser may import this module."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.errors import ConfigError, DataError

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]+|null")

DEFAULT_PORT = 2700
"""That of vosk-server."""


@dataclass(frozen=True)
class ServerConfig:
    """Where the server listens, who may use it, and how much.

    Attributes:
        host: the address; only loopback is allowed without TLS and a token.
        port: 0 for any free port.
        workers: the number of threads that recognize speech.
        certificate, key: files of the TLS certificate and its key.
        token_file: a file with the token that every request must carry.
        insecure: listen on any address without TLS and a token.
        origins: other web pages that may connect, such as ``https://example.org``.
        max_sessions: streams at the same time.
        max_message_bytes: the largest message of a stream.
        max_upload_bytes: the largest file for ``POST /transcribe``.
        max_uploads: files that are transcribed or wait for it.
        max_session_seconds: the longest stream, in seconds of audio.
        max_silence_seconds: the longest audio without a word.
        idle_seconds: how long a client may send nothing.
        shutdown_seconds: how long open streams may take to end when the server stops.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    certificate: Path | None = None
    key: Path | None = None
    token_file: Path | None = None
    insecure: bool = False
    origins: tuple[str, ...] = ()
    max_sessions: int = 64
    max_message_bytes: int = 4 << 20
    max_upload_bytes: int = 256 << 20
    max_uploads: int = 8
    max_session_seconds: float = 4 * 3600.0
    max_silence_seconds: float = 600.0
    idle_seconds: float = 60.0
    shutdown_seconds: float = 10.0

    def __post_init__(self) -> None:
        for name in ("workers", "max_sessions", "max_message_bytes", "max_upload_bytes", "max_uploads"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected 1 or more")
        for name in ("max_session_seconds", "max_silence_seconds", "idle_seconds", "shutdown_seconds"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected more than 0")
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"port is {self.port}, expected 0 to 65535")
        if (self.certificate is None) != (self.key is None):
            raise ConfigError("a certificate and its key belong together", fix="give both or none of them")
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise ConfigError(
                    f"{origin} is not an origin, which a browser sends as SCHEME://HOST or SCHEME://HOST:PORT",
                    fix="give --origin https://example.org, without a path and without a slash at the end",
                )
        protected = self.certificate is not None and self.token_file is not None
        if not (self.is_loopback or protected or self.insecure):
            raise ConfigError(
                f"{self.host} can be reached from other machines, which needs TLS and a token",
                fix="give --certificate, --key and --token-file, or accept the risk with --insecure",
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def read_token(self) -> str | None:
        """Return the token of every request; None if there is none.

        Raises:
            DataError: the file cannot be read, or the token is too short to be a secret.
        """
        if self.token_file is None:
            return None
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot be read: {error}", path=self.token_file, fix="give a file with one line") from None
        if len(token) < 16 or not token.isascii() or len(token.split()) != 1:
            fix = "write a random one, for example: openssl rand -hex 32 > FILE"
            raise DataError("has no token of 16 or more letters and digits", path=self.token_file, fix=fix)
        return token
