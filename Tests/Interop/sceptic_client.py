# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Sceptic's own client commands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import commands
import processes
from clients import Client, Outcome, Result, Task, serial_number

# What the commands exit with when the server answered FAILURE.
REFUSED = 1


@dataclass
class Sceptic(Client):
    """Sceptic's own `enroll`, `renew`, `get-cert`, `get-crl` and `get-next-ca`. Options: those of the command."""

    name = "sceptic"
    package = "this project"
    needs = (
        "Nothing. The reply to an EC key is encrypted under the challenge: such a key takes one in renewals, too, and "
        "does not ask for certificates or CRLs."
    )

    binary: Path | None = field(default=None)

    def version(self) -> str | None:
        if self.binary is None:
            return None
        # Its version is that of the tree it comes from, so the report does not repeat it.
        return "this version" if processes.run([self.binary, *commands.VERSION], limit=20).status == 0 else None

    def enrol(self, task: Task) -> Result:
        polling = commands.filled(commands.WAITING, seconds=commands.POLL_LIMIT) if task.waits else []
        return self._run(commands.ENROLL, task, *polling)

    def renew(self, task: Task) -> Result:
        assert task.old is not None
        polling = commands.filled(commands.WAITING, seconds=commands.POLL_LIMIT) if task.waits else []
        result = self._run(commands.RENEW, task, *polling)
        if "--reuse-key" in task.options and result.outcome is Outcome.ISSUED:
            task.secret_file(task.key.name, task.old.key.read_text())
        return result

    def get_certificate(self, task: Task) -> Result:
        return self._run(commands.GET_CERT, task)

    def get_crl(self, task: Task) -> Result:
        return self._run(commands.GET_CRL, task)

    def get_next_ca(self, task: Task) -> Result:
        return self._run(commands.GET_NEXT_CA, task)

    def _run(self, command: list[str], task: Task, *more: str) -> Result:
        old = task.old or task
        words = commands.filled(
            command, url=task.url, subject=f"CN={task.common_name}", key=task.key, certificate=task.certificate,
            crl=task.crl, old_key=old.key, old_certificate=old.certificate,
            serial=serial_number(old.certificate) if "{serial}" in command else "",
        )  # fmt: skip
        if "--reuse-key" not in task.options and command is commands.RENEW:
            more = (*more, "--key-out", str(task.key))
        if task.challenge is not None:
            more = (*more, "--challenge-file", "-")
        ran = processes.run(
            [self.binary or "sceptic", *words, *task.options, *more],
            limit=commands.CLIENT_LIMIT,
            folder=task.folder,
            standard_input=f"{task.challenge or ''}\n",
        )
        outcome = {0: Outcome.ISSUED, REFUSED: Outcome.REFUSED}.get(-1 if ran.status is None else ran.status)
        return Result(outcome or Outcome.BROKEN, ran.text)


@dataclass
class ScepticPoll(Sceptic):
    """`sceptic enroll --pending-out`, and then `sceptic poll`."""

    def enrol(self, task: Task) -> Result:
        pending = task.folder / "pending.json"
        asked = self._run(commands.ENROLL, task, "--pending-out", str(pending))
        if not pending.exists():
            return asked
        words = commands.filled(commands.WAITING, seconds=commands.POLL_LIMIT)
        return self._run(commands.POLL, replace(task, options=()), *words)
