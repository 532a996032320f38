# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Writes the report on a run: what was seen, without dates or durations, so that it changes only when a result does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cases import Case, Step

HEAD = """\
# Interoperability

SCEP clients that are run against Sceptic by `make interop`, each enrolment with a one-time challenge of its own. What
stands under request and reply is the digest and the cipher that were seen on the wire. "Enrolled" means that
`openssl verify` accepts the certificate for TLS clients and that it has the client's key; then the client tried the
same challenge again with another key and was refused.

This page is generated: `scripts/interop --report docs/interop.md`.

| client | version | package | profile | transport | request | reply | result |
|---|---|---|---|---|---|---|---|
"""


def report(cases: Sequence[Case], steps: Sequence[Step], exceptions: Mapping[str, str]) -> str:
    """Returns the report in Markdown."""
    rows = "".join(_row(case, [step for step in steps if step.case is case], exceptions) for case in cases)
    texts = {each.client.name: each.client.needs for each in cases}
    needs = "".join(f"- **{name}**: {text}\n" for name, text in texts.items())
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
        result = "refused, as it must be" if case.refused else "enrolled; second use refused"
    client = [case.client.name, first.version, case.client.package]
    return f"| {' | '.join([*client, f'`{case.profile}`', transport, request, reply, result])} |\n"


def _exceptions(exceptions: Mapping[str, str]) -> str:
    if not exceptions:
        return ""
    return "\n## Known failures\n\n" + "".join(f"- `{step}`: {reason}\n" for step, reason in exceptions.items())
