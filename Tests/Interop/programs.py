# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The programs that the scripts build, run and measure."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Seconds: for one local command; for a server to answer; for it to stop; for a build.
COMMAND_LIMIT = 120
START_LIMIT = 30
STOP_LIMIT = 20
BUILD_LIMIT = 3600

# Straight to loopback, whatever proxy the environment names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failure(Exception):
    """The script cannot go on; the message is for the user."""


def attempt(command: Sequence[object], *, limit: float) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end and returns its outputs and exit status."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit, check=False
        )
    except OSError as error:
        raise Failure(f"{words[0]} cannot be run: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"`{' '.join(words)}` did not end within {limit} s.") from None


def run(command: Sequence[object], *, limit: float = COMMAND_LIMIT) -> str:
    """Runs a command to its end and returns what it printed; raises Failure when its exit status is not 0."""
    done = attempt(command, limit=limit)
    if done.returncode != 0:
        # Not the standard output, which may hold challenges.
        raise Failure(f"`{' '.join(map(str, command))}` failed:\n{done.stderr}".rstrip())
    return done.stdout


def build(package: Path, product: str, *options: str) -> Path:
    """Builds a product in release mode and returns the path of its program."""
    command = ["swift", "build", "--package-path", package, "--configuration", "release", *options]
    command += ["--product", product]
    done = attempt(command, limit=BUILD_LIMIT)
    if done.returncode != 0:
        raise Failure(f"{product} does not build:\n{done.stderr}{done.stdout}".rstrip())
    return Path(run([*command, "--show-bin-path"]).strip()) / product


class Server:
    """A server process on a free loopback port, with its log in a file."""

    def __init__(self, name: str, command: list[str], log: Path, environment: dict[str, str], ready: str) -> None:
        self.name, self._log = name, log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                cwd=log.parent,
                start_new_session=True,
            )
        try:
            self._wait(ready)
        except BaseException:
            self.stop()
            raise

    @property
    def process_id(self) -> int:
        return self._process.pid

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Failure(f"{self.name} ended by itself:\n{self._log.read_text(errors='replace')[-2000:]}")
            try:
                with OPENER.open(url, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise Failure(f"{self.name} did not answer {url} within {START_LIMIT} s.")

    def resident_megabytes(self) -> float:
        """The resident set now."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) * 1024 / 1e6 if found else float("nan")

    def stop(self) -> int | None:
        """Stops the process; returns its exit status, or None when it had to be killed."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def find_binary(given: Path | None) -> Path:
    binary = (given or ROOT / ".build/release/sceptic").resolve()
    if given is None and not binary.exists():
        binary = build(ROOT, "sceptic", "--static-swift-stdlib")
    if not os.access(binary, os.X_OK):
        raise Failure(f"There is no program at {binary}.")
    return binary
