"""A lock on a folder while a command writes it, so that two commands never write the same folder at once."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from blasr.errors import DataError
from blasr.io.atomic import OutputPath, writing

logger = logging.getLogger(__name__)

LOCK_FILE: Final = ".blasr.lock"
_ORPHAN_SECONDS: Final = 20.0
"""How long to wait for the workers of a killed owner, which hold its lock until they notice that it has ended."""
_RETRY_SECONDS: Final = 0.2
_UNSUPPORTED: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
"""Errors of file systems without locks."""


@dataclass(frozen=True)
class LockOwner:
    """The process that writes a folder, as the lock file names it."""

    pid: int
    host: str
    command: str
    started: str

    @classmethod
    def this_process(cls) -> LockOwner:
        """Return this process."""
        words = ["blasr", *sys.argv[1:]]
        return cls(os.getpid(), socket.gethostname(), " ".join(words)[:200], time.strftime("%Y-%m-%d %H:%M:%S"))

    def __str__(self) -> str:
        return f"process {self.pid} on host {self.host} (since {self.started}: {self.command})"


@contextmanager
def locked_folder(folder: OutputPath) -> Iterator[None]:
    """Lock a folder; it is created where absent, and removed again if it stays empty.

    The system releases the lock when the process ends in any way. The file names its owner, for the message and for
    file systems whose locks do not reach other hosts.

    Raises:
        DataError: another process writes the folder, or it cannot be written.
    """
    path = Path(folder) / LOCK_FILE
    created = [above for above in path.parents if not above.exists()]
    with writing(folder, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _acquire(path)
    try:
        with writing(folder, path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(LockOwner.this_process())).encode() + b"\n", 0)
        yield
    finally:
        path.unlink(missing_ok=True)  # before the lock is released, so that nobody else's file is removed
        os.close(descriptor)
        with suppress(OSError):  # folders that the command has left empty
            for above in created:
                above.rmdir()


def _acquire(path: Path) -> int:
    """Return the descriptor of the locked file."""
    give_up = time.monotonic() + _ORPHAN_SECONDS
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            is_free = _flock(descriptor)
            owner = _read_owner(descriptor)
            if not is_free and (time.monotonic() > give_up or not _is_dead_here(owner)):
                raise _refusal(path, owner)
            if is_free and _is_same_file(descriptor, path):
                _take_over(path, owner)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not is_free:
            time.sleep(_RETRY_SECONDS)  # otherwise the former owner has removed this file in the meantime


def _flock(descriptor: int) -> bool:
    """Whether nobody else had the lock, as far as the file system knows."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        owner = _read_owner(descriptor)
        return owner is None or owner.host != socket.gethostname() or not _is_running(owner.pid)
    return True


def _take_over(path: Path, owner: LockOwner | None) -> None:
    """Refuse a file that a process of another host left or still uses; report that of a dead process of this host."""
    if owner is None:
        return
    if owner.host != socket.gethostname():
        raise _refusal(path, owner, f"if that process no longer runs, remove {path}")
    logger.info("%s: process %d, which was writing it, has ended; continuing", path.parent, owner.pid)


def _refusal(path: Path, owner: LockOwner | None, fix: str = "wait for it, or name another folder") -> DataError:
    return DataError(f"is being written by {owner or 'another process'}", path=path.parent, fix=fix)


def _read_owner(descriptor: int) -> LockOwner | None:
    """The owner that the file names; None if it names none."""
    try:
        return LockOwner(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _is_dead_here(owner: LockOwner | None) -> bool:
    """Whether the owner was a process of this host that no longer runs."""
    return owner is not None and owner.host == socket.gethostname() and not _is_running(owner.pid)


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
