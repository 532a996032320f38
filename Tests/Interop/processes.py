# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Child processes that never outlive the harness: each in a process group of its own, each with a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """What a command that has ended left: its exit status (None: stopped at its time limit) and its two outputs."""

    status: int | None
    output: str
    errors: str

    @property
    def text(self) -> str:
        """Both outputs, for searching and for showing."""
        return self.errors + self.output


class Stopped(Exception):
    """The harness is about to end, and starts nothing any more."""


_live: list[subprocess.Popen[bytes]] = []
_stopping = threading.Event()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def run(
    command: Sequence[str | Path],
    *,
    limit: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    standard_input: str | None = None,
) -> Finished:
    """Runs a command to its end, or to its time limit in seconds, and stops whatever it leaves in its group."""
    if _stopping.is_set():
        raise Stopped
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL if standard_input is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    _live.append(process)
    given = None if standard_input is None else standard_input.encode()
    status: int | None = None
    try:
        output, errors = process.communicate(given, timeout=limit)
        status = process.returncode
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGKILL)
        output, errors = process.communicate()
    finally:
        _signal_group(process, signal.SIGKILL)
        if process.poll() is not None and process in _live:
            _live.remove(process)
    return Finished(status, output.decode(errors="replace"), errors.decode(errors="replace"))


def start(command: Sequence[str | Path], *, log: Path) -> subprocess.Popen[bytes]:
    """Starts a command that goes on by itself, its outputs going to a file."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _live.append(process)
    return process


def stop(process: subprocess.Popen[bytes], *, limit: float) -> int | None:
    """Asks a process to stop and returns its exit status; None when it had to be killed after limit seconds."""
    process.terminate()
    try:
        status: int | None = process.wait(limit)
    except subprocess.TimeoutExpired:
        status = None
    _signal_group(process, signal.SIGKILL)
    process.wait()
    if process in _live:
        _live.remove(process)
    return status


def stop_all() -> None:
    """Stops every process group that is still there, politely first; run starts no more of them."""
    _stopping.set()
    for process in list(_live):
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + 3
    while any(process.poll() is None for process in _live) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in list(_live):
        _signal_group(process, signal.SIGKILL)
        process.wait()
    _live.clear()
