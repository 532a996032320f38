# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""What was up at which moment, so that what clients and probes saw can be compared with it."""

from __future__ import annotations

import enum
import threading
import time
from dataclasses import dataclass

# Seconds. A node may be down or blind for so long after what ails it is over: it starts, or waits up to 5 s before it
# tries to reach the database again.
RECOVERY = 7.0
# A node may take so long to start, on a machine that is busy with its like.
START = 20.0
# A probe may be answered by what a node knew a moment before.
STALE = 1.5


class State(enum.Enum):
    """Whether a process is there; in between it is MOVING, and anything may be seen."""

    UP = "up"
    DOWN = "down"
    FROZEN = "frozen"
    MOVING = "moving"


@dataclass(frozen=True)
class Change:
    at: float
    state: State


class Timeline:
    """The states of one process over time, seconds since 1970."""

    def __init__(self, name: str, now: float | None = None) -> None:
        self.name = name
        self._changes = [Change(time.time() if now is None else now, State.DOWN)]
        self._lock = threading.Lock()

    def set(self, state: State, at: float | None = None) -> None:
        """Takes down that it is in another state from now on."""
        with self._lock:
            self._changes.append(Change(time.time() if at is None else at, state))

    def arrive(self, asked: float) -> None:
        """Takes down that it is up, unless something happened to it since it was asked."""
        with self._lock:
            last = self._changes[-1]
            if last.state is State.MOVING and last.at <= asked:
                self._changes.append(Change(time.time(), State.UP))

    def states(self, start: float, end: float) -> set[State]:
        """The states that it was in at some moment from start to end."""
        with self._lock:
            changes = list(self._changes)
        found = set()
        for change, following in zip(changes, [*changes[1:], Change(float("inf"), State.DOWN)], strict=True):
            if change.at <= end and following.at > start:
                found.add(change.state)
        return found or {State.DOWN}

    def is_in(self, state: State) -> bool:
        """Whether it is in a state now."""
        with self._lock:
            return self._changes[-1].state is state

    def always(self, state: State, start: float, end: float) -> bool:
        return self.states(start, end) == {state}


@dataclass(frozen=True)
class Sample:
    """What /readyz of a node said: 200, 503, or 0 when nothing came."""

    node: int
    asked: float
    answered: float
    status: int


@dataclass(frozen=True)
class Weather:
    """The nodes and the database; SQLite has no process and is always up."""

    nodes: list[Timeline]
    database: Timeline

    def is_calm(self, node: int, start: float, end: float) -> bool:
        """Whether nothing excuses a node from answering as it should."""
        if not self.database.always(State.UP, start - RECOVERY, end):
            return False
        line = self.nodes[node]
        return line.always(State.UP, start - RECOVERY, end) or line.always(State.MOVING, start - START, end)

    def explains_failure(self, node: int, start: float, end: float) -> bool:
        """Whether a node may have been unable to ask the database, which a client can't tell from a refusal."""
        if not self.database.always(State.UP, start - RECOVERY, end):
            return True
        return State.FROZEN in self.nodes[node].states(start - RECOVERY, end)

    def problem(self, sample: Sample) -> str | None:
        """What is untrue about a sample of /readyz."""
        start, end = sample.asked, sample.answered
        if sample.status not in (0, 200, 503):
            return f"/readyz said {sample.status}"
        if sample.status == 200 and self.database.states(start - STALE, end) <= {State.DOWN, State.FROZEN}:
            return "/readyz said 200 while the database was down or frozen"
        if sample.status != 200 and self.is_calm(sample.node, start, end):
            said = "did not answer" if sample.status == 0 else f"said {sample.status}"
            return f"/readyz {said} while node and database were up"
        return None
