"""One writer for a folder: the second is refused with the first's process and host; dead processes do not count."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blasr.errors import DataError
from blasr.io.folder_lock import LOCK_FILE, locked_folder

HOLD = """
import sys, time
from blasr.io.folder_lock import locked_folder
with locked_folder(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes ``tmp_path``."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.wait()


def test_the_second_writer_is_refused(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(DataError) as caught, locked_folder(tmp_path):
        pass
    assert f"process {holder.pid} on host {socket.gethostname()}" in caught.value.message
    assert caught.value.path == tmp_path and caught.value.fix is not None
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(DataError, match="is being written by"), locked_folder(tmp_path / "link"):
        pass


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_taken_over(
    number: signal.Signals, tmp_path: Path, holder: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    holder.send_signal(number)
    holder.wait()
    assert (tmp_path / LOCK_FILE).is_file()
    with caplog.at_level("INFO"), locked_folder(tmp_path):
        assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] == os.getpid()
    assert f"process {holder.pid}, which was writing it, has ended" in caplog.text


def test_the_folder_is_created_and_removed_if_it_stays_empty(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        with pytest.raises(RuntimeError), locked_folder(folder):
            assert [path.name for path in folder.iterdir()] == [LOCK_FILE]
            raise RuntimeError
        assert list(tmp_path.iterdir()) == []
    with locked_folder(folder):
        (folder / "output").touch()
    assert [path.name for path in folder.iterdir()] == ["output"]


def test_the_lock_of_another_host_is_respected(tmp_path: Path) -> None:
    owner = {"pid": 1, "host": "elsewhere", "command": "blasr train", "started": "2026-01-01 00:00:00"}
    (tmp_path / LOCK_FILE).write_text(json.dumps(owner))
    with pytest.raises(DataError, match="process 1 on host elsewhere") as caught, locked_folder(tmp_path):
        pass
    assert f"remove {tmp_path / LOCK_FILE}" in str(caught.value.fix)
    (tmp_path / LOCK_FILE).write_text("{half of")  # the disk was full
    with locked_folder(tmp_path):
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with locked_folder(tmp_path), pytest.raises(DataError, match=f"process {os.getpid()}"), locked_folder(tmp_path):
        pass
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    owner = {"pid": dead.pid, "host": socket.gethostname(), "command": "", "started": ""}
    (tmp_path / LOCK_FILE).write_text(json.dumps(owner))
    with locked_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((DataError, OSError), match="file"), locked_folder(tmp_path / "file" / "folder"):
        pass


ORPHAN = """
import os, sys, time
from blasr.io.folder_lock import locked_folder
with locked_folder(sys.argv[1]):
    if os.fork() == 0:
        time.sleep(float(sys.argv[2]))
        os._exit(0)
    print("locked", flush=True)
    os.kill(os.getpid(), 9)
"""


def test_the_workers_of_a_killed_process_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forked worker has the lock too, until it notices that its parent has ended."""
    subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path), "1"], check=False)
    with locked_folder(tmp_path):
        pass
    monkeypatch.setattr("blasr.io.folder_lock._ORPHAN_SECONDS", 0.3)
    subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path), "5"], check=False)
    with pytest.raises(DataError, match="is being written by"), locked_folder(tmp_path):
        pass
