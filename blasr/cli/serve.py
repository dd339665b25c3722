"""``blasr serve``: live and uploaded speech to text for a team, from one process."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from blasr.cli.options import add_option, add_yes_no, positive_integer, positive_number
from blasr.cli.parser import examples
from blasr.errors import ConfigError, DependencyError
from blasr.serving.config import DEFAULT_PORT, ServerConfig

ADDRESSES = """\
ws://HOST:PORT/ speaks the protocol of vosk-server, so that its clients work unmodified; http://HOST:PORT/ is a page
with live captions; POST /transcribe takes an audio file (?format=json, text, srt or ctm); /healthz and /metrics are for
load balancers and Prometheus. Only this machine can connect, unless there are TLS and a token.

"""


STOPPING_SECONDS = 1.0
"""How long the worker threads may still run when the server has stopped."""


def port_number(text: str) -> int:
    """Return a TCP port, 0 to 65535."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, found {text!r}")
    return int(text)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``blasr serve``."""
    limits = ServerConfig()
    parser.epilog = ADDRESSES + examples(
        "blasr serve exp/bl_resnet22_a2b3/bundle",
        "blasr serve exp/bl_resnet22_a2b3/bundle --nj 4 --host 0.0.0.0 --certificate server.pem \\",
        "    --key server.key --token-file token.txt",
        "curl --data-binary @talk.flac 'http://127.0.0.1:2700/transcribe?format=srt' > talk.srt",
    )
    parser.add_argument("directory", type=Path, nargs="?", metavar="BUNDLE", help="a bundle, as blasr bundle writes it")
    add_option(parser, "--bundle", note="the same, as in blasr transcribe")
    parser.add_argument("--host", default=limits.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=port_number, default=DEFAULT_PORT, help="0: any free one (default: %(default)s)")
    add_option(parser, "--nj", note="each works on one stream at a time")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="TLS certificate, in PEM format")
    parser.add_argument("--key", type=Path, metavar="FILE", help="its key")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="a token that every request must carry (Authorization: Bearer)"
    )
    add_yes_no(parser, "--insecure", "let other machines connect without TLS and a token")
    parser.add_argument(
        "--origin",
        dest="origins",
        action="append",
        metavar="URL",
        help="a web page that may connect from a browser, such as https://example.org; may be repeated",
    )
    for option, kind, metavar, default, text in (
        ("--max-sessions", positive_integer, "N", limits.max_sessions, "streams at the same time"),
        ("--max-session", positive_number, "SECONDS", limits.max_session_seconds, "longest stream"),
        ("--max-silence", positive_number, "SECONDS", limits.max_silence_seconds, "longest audio without a word"),
        ("--max-idle", positive_number, "SECONDS", limits.idle_seconds, "longest time without a message"),
        ("--max-upload", positive_integer, "BYTES", limits.max_upload_bytes, "largest file"),
    ):
        parser.add_argument(option, type=kind, metavar=metavar, default=default, help=f"{text} (default: {default:g})")
    add_option(parser, "--device")


def run(args: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        ConfigError: there is no bundle, or two, or other machines could connect without TLS and a token.
        DependencyError: the packages of the server are not installed.
        BlasrError: the bundle, the token or the certificate cannot be used, or the port is taken.
    """
    if (args.directory is None) == (args.bundle is None):
        found = "none" if args.bundle is None else f"{args.directory} and --bundle {args.bundle}"
        raise ConfigError(f"expected one bundle, found {found}", fix="blasr serve BUNDLE")
    config = ServerConfig(
        host=args.host,
        port=args.port,
        workers=args.nj,
        certificate=args.certificate,
        key=args.key,
        token_file=args.token_file,
        insecure=args.insecure,
        origins=tuple(args.origins or ()),
        max_sessions=args.max_sessions,
        max_session_seconds=args.max_session,
        max_silence_seconds=args.max_silence,
        idle_seconds=args.max_idle,
        max_upload_bytes=args.max_upload,
    )
    config.read_token()  # refused before the bundle is read
    try:
        from blasr.serving.app import SpeechServer, serve
    except ModuleNotFoundError as error:
        if error.name not in ("aiohttp", "prometheus_client"):
            raise
        raise DependencyError(f"serving needs {error.name}", fix="pip install 'blasr[serve]'") from None
    from blasr.inference.bundle import Bundle
    from blasr.inference.live import LiveConfig, LiveRecognizer
    from blasr.threads import one_torch_thread

    recognizer = LiveRecognizer(Bundle.read(args.directory or args.bundle), LiveConfig(device=args.device))
    server = SpeechServer(recognizer, config)
    server.ssl_context()  # refused before the search is compiled
    with one_torch_thread():
        print("blasr serve: preparing the search", file=sys.stderr)
        recognizer.compile()
        serve(server)
    if not server.wait(STOPPING_SECONDS):  # Python would wait for a file to be transcribed, however long it is
        print("blasr serve: stopped before a file was transcribed", file=sys.stderr, flush=True)
        os._exit(0)
