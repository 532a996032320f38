# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Writes the report on a run: what was seen, without dates or durations, so that it changes only when a result does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cases import Case, Step

HEAD = """\
# Interoperability

SCEP clients that are run against Sceptic by `make interop`, a row for each operation of each client. What stands under
messages, transport, request and reply was seen on the wire: the messageTypes that the client sent ("…" is more of the
last one), and digest and cipher of the last request and of its reply, with "password" where a PasswordRecipientInfo
stands in the place of key transport.

- "Enrolled" and "renewed" mean that `openssl verify` accepts the certificate for TLS clients, that it has the client's
  key and that, in a renewal, the client's earlier certificate signed the request. Challenges are one-time: after an
  enrolment the client tries the same one with another key.
- "Refused" and "told of the denial" mean that the client took it for the failure that it is.
- What waits is approved, and another one denied, by `sceptic request`, while the client polls or repeats its request.
- "Revoked" are the renewed certificate and the one before it.
- "After a rollover" is after `sceptic ca rollover prepare` and `activate`, with the same root.
- "Got the CRL" means that `openssl verify -crl_check` takes it, and finds the client's certificate good.

This page is generated: `scripts/interop --report docs/interop.md`.

| client | version | operation | profile | messages | transport | request | reply | result |
|---|---|---|---|---|---|---|---|---|
"""


def report(cases: Sequence[Case], steps: Sequence[Step], exceptions: Mapping[str, str]) -> str:
    """Returns the report in Markdown."""
    rows = "".join(_row(case, [step for step in steps if step.case is case], exceptions) for case in cases)
    clients = {each.client.name: each.client for each in cases}
    needs = "".join(f"- **{name}** ({each.package}): {each.needs}\n" for name, each in clients.items())
    return f"{HEAD}{rows}\n## What each client needs\n\n{needs}{_exceptions(exceptions)}"


def _row(case: Case, steps: Sequence[Step], exceptions: Mapping[str, str]) -> str:
    first = steps[0]
    request = reply = transport = "–"
    if first.exchange is not None:
        transport = first.exchange.method
        request = first.exchange.request.algorithms if first.exchange.request else "unreadable"
        reply = first.exchange.reply.algorithms if first.exchange.reply else "unreadable"
    failed = [step for step in steps if step.problem is not None]
    if failed:
        result = "known failure, see below" if failed[0].name in exceptions else "**failed**"
    else:
        result = case.operation.success
    operation = f"{case.operation.title}, {case.note}" if case.note else case.operation.title
    columns = [case.client.name, first.version, operation, f"`{case.profile}`", case.messages]
    return f"| {' | '.join([*columns, transport, request, reply, result])} |\n"


def _exceptions(exceptions: Mapping[str, str]) -> str:
    if not exceptions:
        return ""
    return "\n## Known failures\n\n" + "".join(f"- `{step}`: {reason}\n" for step, reason in exceptions.items())
