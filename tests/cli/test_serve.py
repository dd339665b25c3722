"""``blasr serve`` as a program: it serves, ends on SIGTERM, and refuses what it must."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import torch

from blasr.cli.main import main
from blasr.features import CmvnStats, FeatureConfig, LogMel
from blasr.features.online_cmvn import write_global_cmvn
from tests.cli.test_transcribe import bundle_command
from tests.pipeline.systems import System, babble, system

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def bundle(system: System, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    write_global_cmvn(folder / "stats", CmvnStats.of(LogMel(FeatureConfig())(torch.from_numpy(babble(9, 1) * 32768))))
    assert main(bundle_command(system, folder / "bundle", "--global-cmvn", folder / "stats")) == 0
    return folder / "bundle"


def test_it_serves_until_sigterm(bundle: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "blasr.cli", "serve", str(bundle), f"--port={port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as server:
        assert server.stderr is not None
        lines = []
        for line in server.stderr:
            lines.append(line)
            if "serving on" in line:
                break
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
            assert json.load(answer)["status"] == "ok"
        taken = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0
    assert re.search(rf"serving on http://127.0.0.1:{port}", "".join(lines))
    assert taken.returncode not in (0, None) and f"cannot listen on 127.0.0.1 port {port}" in taken.stderr
    assert "Traceback" not in taken.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--host=0.0.0.0"], "needs TLS and a token"),
        (["--token-file=nowhere"], "cannot be read"),
        (["--port=x"], "expected a port"),
        (["--certificate=a"], "belong together"),
        (["another"], "expected one bundle, found another and --bundle nowhere"),
    ],
)
def test_refusals(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["serve", "--bundle=nowhere", *options])
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    assert status != 0 and message in capsys.readouterr().err


def test_live_options(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["transcribe", f"--bundle={bundle}"]
    for options, message in (
        (["--live", "a", "b"], "found 2 files"),
        (["--live", "--format=srt", "a"], "text or json"),
        (["--live", f"--out={tmp_path}", "a"], "--out does not go with --live"),
        (["--rate=8000", "a"], "needs --live"),
        (["--live", "nowhere"], "nowhere"),
    ):
        assert main([*command, *options]) != 0
        assert message in capsys.readouterr().err
