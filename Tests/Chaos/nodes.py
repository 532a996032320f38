# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Nodes over one database: processes that are killed, frozen and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
from pathlib import Path

from commands import SERVE, filled
from programs import OPENER, Failure, attempt
from weather import Sample, State, Timeline, Weather

READY_PATH = "/readyz"
# Seconds: between probes of a node; for a probe; for a node to stop on SIGTERM; before one that ended is started again.
PROBE_INTERVAL = 0.4
PROBE_LIMIT = 5
STOP_LIMIT = 30
RESTART_DELAY = 0.5


class Node:
    """One `sceptic serve`, always at the same address."""

    def __init__(self, number: int, binary: Path, state: Path, options: list[str], port: int, log: Path) -> None:
        self.number, self.state, self.options = number, state, options
        self.base = f"http://127.0.0.1:{port}"
        self.log = log
        self.line = Timeline(f"node {number}")
        self.samples: list[Sample] = []
        self._command = [str(binary), *filled(SERVE, data=state, listen=f"127.0.0.1:{port}"), *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_at = 0.0
        self._log_start = 0

    def start(self) -> None:
        """Starts it, and returns at once."""
        self.line.set(State.MOVING)
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kills it as it stands."""
        self.line.set(State.MOVING)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.line.set(State.DOWN)

    def freeze(self) -> None:
        """Stops it in its tracks, with all that it holds."""
        if self._process is not None and self.is_running:
            self.line.set(State.FROZEN)
            os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        if self._process is not None and self.is_running:
            os.kill(self._process.pid, signal.SIGCONT)
            self.line.set(State.MOVING)

    def stop(self) -> str | None:
        """Stops it as an administrator does, and returns what was wrong with how it stopped."""
        if self._process is None:
            return None
        self.line.set(State.MOVING)
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            status = self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return f"node {self.number} did not stop within {STOP_LIMIT} s of SIGTERM"
        finally:
            self._process = None
            self.line.set(State.DOWN)
        return None if status == 0 else f"node {self.number} ended with status {status} on SIGTERM"

    def ended_by_itself(self) -> tuple[int, str] | None:
        """Says once with which status it ended, and how, if nobody ended it."""
        if self._process is None or self._process.poll() is None:
            return None
        status, self._process = self._process.returncode, None
        self._ended_at = time.time()
        self.line.set(State.DOWN)
        said = self.log.read_bytes()[self._log_start :].decode(errors="replace").strip()
        return status, f"node {self.number} ended by itself with {status}: " + " | ".join(said.splitlines()[-3:])

    @property
    def is_due(self) -> bool:
        """Whether it is down by its own doing, and long enough to be started again."""
        return self._process is None and 0 < self._ended_at < time.time() - RESTART_DELAY

    def restart(self) -> None:
        self._ended_at = 0
        self.start()

    def probe(self) -> Sample:
        """Asks it whether it is ready."""
        asked, status = time.time(), 0
        try:
            with OPENER.open(self.base + READY_PATH, timeout=PROBE_LIMIT) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        except (urllib.error.URLError, OSError, ValueError):
            pass
        except Exception:  # noqa: BLE001 (http.client's own, when a node dies in the middle of a reply)
            pass
        sample = Sample(self.number, asked, time.time(), status)
        self.samples.append(sample)
        if status == 200:
            self.line.arrive(asked)
        return sample


class Probing:
    """Asks all nodes again and again whether they are ready, each from a thread of its own."""

    def __init__(self, nodes: list[Node]) -> None:
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(node,), daemon=True) for node in nodes]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(2 * PROBE_LIMIT)

    def _run(self, node: Node) -> None:
        while not self._end.wait(PROBE_INTERVAL):
            node.probe()


class Approver:
    """Somebody who decides on requests that wait, by Sceptic's own commands."""

    # Of so many requests one is denied.
    DENIED = 8

    def __init__(self, binary: Path, node: Node, weather: Weather) -> None:
        self._binary, self._node, self._weather = binary, node, weather
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.approved = 0
        # The transactionIDs of those that were to be denied, whether that became known or not.
        self.denied: set[str] = set()
        self.problems: list[str] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(120)

    def _run(self) -> None:
        while not self._end.wait(0.5):
            listed = self._sceptic("request", "list", "--pending", "--json", "--limit", "20")
            for waiting in listed if isinstance(listed, list) else []:
                if self._end.is_set():
                    return
                self._decide(waiting)

    def _decide(self, waiting: dict[str, str]) -> None:
        transaction = waiting["transactionID"]
        # By the id, so that a second try decides as the first.
        deny = int(waiting["id"][-4:], 16) % self.DENIED == 0
        if deny:
            self.denied.add(transaction)
        done = self._sceptic("request", "deny" if deny else "approve", "--json", "--by", "chaos", waiting["id"])
        if done is not None and not deny:
            self.approved += 1

    def _sceptic(self, *words: str) -> object:
        began = time.time()
        command = [self._binary, *words[:2], "--data", self._node.state, *self._node.options, *words[2:]]
        try:
            done = attempt(command, limit=60)
        except Failure as failure:
            self.problems.append(str(failure))
            return None
        if done.returncode == 0:
            return parsed(done.stdout)
        # Nothing excuses a crash.
        if done.returncode < 0 or self._weather.database.always(State.UP, began - 10, time.time()):
            self.problems.append(f"sceptic {' '.join(words)} failed with {done.returncode}: {done.stderr.strip()}")
        return None


def parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {}


def second_state(first: Path, folder: Path) -> Path:
    """The state folder of another node over the same database: the same master key, and nothing else."""
    folder.mkdir(mode=0o700)
    shutil.copy2(first / "master.key", folder / "master.key")
    return folder
