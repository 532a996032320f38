# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Runs cases against one server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import checks
from cases import Case, Operation, Step, step_names
from clients import Outcome, Result, Task, serial_number
from relay import Exchange, Relay
from server import LocalServer, Server, Unusable

# How many of a client's last lines are shown when a step goes wrong.
SHOWN_LINES = 25

Run = Callable[[Task], Result]
Check = Callable[[Task], str | None]


class Bench:
    """Runs cases against one server; several at a time if need be."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.root, self.intermediates = folder / "root.pem", folder / "issuing.pem"
        self._write_certificates()

    def _write_certificates(self) -> None:
        root, *others = self.server.certificates()
        self.root.write_text(root)
        self.intermediates.write_text("".join(others))

    def next_phase(self, phase: int) -> None:
        """Prepares the CA's rollover before phase 1, and carries it out before phase 2."""
        if not isinstance(self.server, LocalServer):
            return
        if phase == 1:
            self.server.prepare_rollover()
        else:
            self.server.activate_rollover()
            self._write_certificates()

    def run(self, case: Case) -> list[Step]:
        """Runs the steps of a case, each one only after one that went well."""
        version = case.client.version()
        if version is None:
            problem = "the client is not installed: run scripts/bootstrap interop"
            return [Step(step_names(case)[0], case, "missing", 0.0, problem)]
        relay = Relay(self.server.base.hostname or "", self.server.base.port or 80)
        try:
            return list(_Run(self, case, version, relay).steps())
        finally:
            relay.close()


@dataclass
class _Run:
    """The run of one case."""

    bench: Bench
    case: Case
    version: str
    relay: Relay
    tasks: int = 0
    # Why the request of a client that waits could not be decided on.
    undecided: str | None = None

    def steps(self) -> Iterator[Step]:
        """The steps, up to the first one with a problem."""
        operation = self.case.operation
        if operation in (Operation.WAIT, Operation.RENEW_WAIT):
            parts = self._decisions()
        elif operation is Operation.RENEW:
            parts = self._renewals()
        elif operation in (Operation.GET_CERT, Operation.GET_CRL, Operation.GET_NEXT_CA):
            parts = self._queries()
        else:
            parts = self._enrolments()
        for step in parts:
            yield step
            if step.problem is not None:
                return

    def _enrolments(self) -> Iterator[Step]:
        first, *rest = step_names(self.case)
        task = self._task(challenged=True)
        check = checks.certificate_problem
        if self.case.operation is Operation.NEXT_CA:
            task, check = replace(task, options=(*task.options, *self.case.then)), checks.next_certificate_problem
        expected = Outcome.REFUSED if self.case.operation is Operation.REFUSED else Outcome.ISSUED
        yield self._step(first, task, self.case.client.enrol, expected, check)
        for name in rest:
            again = replace(task, folder=self._folder())
            yield self._step(name, again, self.case.client.enrol, Outcome.REFUSED)

    def _renewals(self) -> Iterator[Step]:
        first, second = step_names(self.case)
        old = self._task(challenged=True)
        yield from self._preparation(first, old)
        task = self._task(old=old, challenged=self.case.password)
        yield self._step(first, task, self.case.client.renew, Outcome.ISSUED, checks.renewal_problem)
        # Both, so that the server has none to hand out once more.
        for each in (old, task):
            self._local().revoke(serial_number(each.certificate))
        again = self._task(old=task, challenged=self.case.password)
        yield self._step(second, again, self.case.client.renew, Outcome.REFUSED)

    def _preparation(self, name: str, task: Task) -> Iterator[Step]:
        """Enrols, and yields a step only if that did not go well."""
        if task.waits:
            step = self._decided(name, task, self.case.client.enrol, checks.certificate_problem, self.case.before)
        else:
            check = checks.certificate_problem
            step = self._step(name, task, self.case.client.enrol, Outcome.ISSUED, check, self.case.before)
        if step.problem is not None:
            yield replace(step, problem=f"the enrolment before it: {step.problem}")

    def _decisions(self) -> Iterator[Step]:
        client = self.case.client
        for name, approved in zip(step_names(self.case), (True, False), strict=True):
            task = replace(self._task(challenged=True), waits=True)
            if self.case.operation is Operation.WAIT:
                yield self._decided(name, task, client.enrol, checks.certificate_problem, approved=approved)
                continue
            yield from self._preparation(name, task)
            task = replace(self._task(old=task, challenged=self.case.password), waits=True)
            yield self._decided(name, task, client.renew, checks.renewal_problem, approved=approved)

    def _decided(
        self, name: str, task: Task, run: Run, check: Check, messages: str | None = None, *, approved: bool = True
    ) -> Step:
        """A step whose request is decided on while the client waits."""
        ended = threading.Event()
        self.relay.forget()
        decider = threading.Thread(target=self._decide, args=(approved, ended), daemon=True)
        decider.start()
        step = self._step(name, task, run, Outcome.ISSUED if approved else Outcome.REFUSED, check, messages)
        ended.set()
        decider.join()
        problem, self.undecided = self.undecided, None
        return replace(step, problem=problem) if problem else step

    def _decide(self, approved: bool, ended: threading.Event) -> None:
        """Waits until the client was told PENDING as often as its class says, and decides."""
        while not ended.wait(0.1):
            pending = [each for each in self.relay.exchanges() if each.reply and each.reply.status == "PENDING"]
            if len(pending) >= self.case.client.pending_answers:
                reply = pending[0].reply
                assert reply is not None
                try:
                    self._local().decide(reply.transaction_id, approved=approved)
                except Unusable as reason:
                    self.undecided = str(reason)
                return

    def _queries(self) -> Iterator[Step]:
        names, operation, client = step_names(self.case), self.case.operation, self.case.client
        if operation is Operation.GET_NEXT_CA:
            yield self._step(names[0], self._task(), client.get_next_ca, Outcome.ISSUED, checks.next_ca_problem)
            return
        old = self._task(challenged=True)
        yield from self._preparation(names[0], old)
        task = self._task(old=old)
        if operation is Operation.GET_CERT:
            yield self._step(names[0], task, client.get_certificate, Outcome.ISSUED, checks.same_certificate_problem)
            self._local().revoke(serial_number(old.certificate))
            yield self._step(names[1], self._task(old=old), client.get_certificate, Outcome.REFUSED)
            return
        yield self._step(names[0], task, client.get_crl, Outcome.ISSUED, checks.crl_problem)

    def _local(self) -> LocalServer:
        assert isinstance(self.bench.server, LocalServer)
        return self.bench.server

    def _folder(self) -> Path:
        self.tasks += 1
        folder = self.bench.folder / f"{self.case.name}-{self.tasks}"
        folder.mkdir()
        return folder

    def _url(self, profile: str) -> str:
        return f"http://127.0.0.1:{self.relay.port}{self.bench.server.path(profile)}"

    def _task(self, *, old: Task | None = None, challenged: bool = False) -> Task:
        case, server, folder = self.case, self.bench.server, self._folder()
        transaction_id = f"{folder.name}-transaction"
        bound = transaction_id if case.bound else None
        options = case.options if old is None else case.then
        if old is not None and case.operation in (Operation.RENEW, Operation.RENEW_WAIT):
            options = case.options + case.then
        return Task(
            url=self._url(case.profile),
            common_name=f"interop-{case.name}",
            challenge=server.new_challenge(case.profile, bound) if challenged else None,
            folder=folder,
            root=self.bench.root,
            intermediates=self.bench.intermediates,
            transaction_id=transaction_id,
            options=options,
            old=old,
        )

    def _step(
        self,
        name: str,
        task: Task,
        run: Run,
        expected: Outcome,
        check: Check | None = None,
        messages: str | None = None,
    ) -> Step:
        self.relay.forget()
        old_serial = checks.old_serial_number(task)
        began = time.monotonic()
        result = run(task)
        seconds = time.monotonic() - began
        exchanges = self.relay.exchanges()
        text = result.text.replace(task.challenge, "[challenge]") if task.challenge else result.text
        (task.folder / "printed").write_text(text)
        problem = self._problem(result, expected, exchanges, messages or self.case.messages)
        if problem is None and exchanges and old_serial is not None:
            problem = checks.signer_problem(exchanges[-1], old_serial)
        if problem is None and check is not None and expected is Outcome.ISSUED:
            problem = check(task)
        shown = "\n".join(text.splitlines()[-SHOWN_LINES:])
        return Step(name, self.case, self.version, seconds, problem, shown, exchanges[-1] if exchanges else None)

    def _problem(self, result: Result, expected: Outcome, exchanges: list[Exchange], messages: str) -> str | None:
        if result.outcome is not expected:
            return f"the client ended as '{result.outcome.value}' where '{expected.value}' was expected"
        sent = checks.messages(exchanges)
        if sent != messages:
            return f"what the client sent was '{sent}', not '{messages}'"
        if not exchanges:
            return None
        if exchanges[-1].reply is None:
            return "the server's reply is not readable"
        status = "SUCCESS" if expected is Outcome.ISSUED else "FAILURE"
        if exchanges[-1].reply.status != status:
            return f"the CertRep said {exchanges[-1].reply.status}, not {status}"
        return None
