# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Failures planted into what a run left, to show that its proof would have caught them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields, replace

from proof import Entry, Evidence, prove
from store import Contents, Transaction
from weather import RECOVERY, STALE, Sample, State, Timeline, Weather


def _issued(evidence: Evidence) -> Entry:
    return next(entry for entry in evidence.entries if entry.certificate and entry.story == "plain")


def _lose_certificate(evidence: Evidence) -> None:
    der = _issued(evidence).certificate
    evidence.store.certificates = [each for each in evidence.store.certificates if each.der != der]


def _second_certificate_of_a_code(evidence: Evidence) -> None:
    one = _issued(evidence)
    other = next(each for each in evidence.entries if each.certificate and each.code != one.code)
    other.profile, other.challenge = one.code


def _second_certificate_of_a_request(evidence: Evidence) -> None:
    one = _issued(evidence)
    other = next(each for each in evidence.entries if each.certificate and each.key != one.key)
    evidence.entries.append(replace(one, certificate=other.certificate))


def _serial_number_twice(evidence: Evidence) -> None:
    first, second = evidence.store.certificates[:2]
    second.issuer, second.serial = first.issuer, first.serial


def _unused_code(evidence: Evidence) -> None:
    challenge = next(each for each in evidence.store.challenges if each.transaction)
    challenge.used_at = challenge.transaction = ""


def _half_used_code(evidence: Evidence) -> None:
    next(each for each in evidence.store.challenges if not each.used_at).used_at = "1"


def _open_transaction(evidence: Evidence) -> None:
    evidence.store.transactions.append(Transaction("new", "reserved", "default", "new"))


def _no_certificate(evidence: Evidence) -> None:
    evidence.store.transactions.append(Transaction("new", "issued", "default", "new"))


def _half_approval(evidence: Evidence) -> None:
    next(each for each in evidence.store.approvals if each.issued).issued = ""


def _waiting_client(evidence: Evidence) -> None:
    one = _issued(evidence)
    evidence.entries.append(replace(one, ended=one.ended + 1e6, outcome="unavailable", certificate=""))


def _odd_answer(evidence: Evidence) -> None:
    one = _issued(evidence)
    evidence.entries.append(replace(one, ended=one.sent, outcome="odd", certificate="", detail="HTTP 500"))


def _denied_and_issued(evidence: Evidence) -> None:
    evidence.denied.add(_issued(evidence).transaction_id)


def _failure_in_calm_weather(evidence: Evidence) -> None:
    calm, one = _calm(evidence), _issued(evidence)
    evidence.entries.append(replace(one, sent=calm, ended=calm, outcome="FAILURE", certificate=""))


def _cut_in_calm_weather(evidence: Evidence) -> None:
    calm, one = _calm(evidence), _issued(evidence)
    evidence.entries.append(replace(one, sent=calm, ended=calm, outcome="cut", certificate=""))


def _calm(evidence: Evidence) -> float:
    """Makes the time before everything a calm one, and returns a moment in it."""
    began = min(entry.sent for entry in evidence.entries) - 10 * RECOVERY
    evidence.weather = Weather([_up(began) for _ in evidence.weather.nodes], _up(began))
    return began + 2 * RECOVERY


def _up(since: float) -> Timeline:
    line = Timeline("calm", since - 1)
    line.set(State.UP, since)
    return line


PLANTED: dict[str, Callable[[Evidence], None]] = {
    "a certificate is lost": _lose_certificate,
    "a code gives two certificates": _second_certificate_of_a_code,
    "a request gets another certificate": _second_certificate_of_a_request,
    "a serial number occurs twice": _serial_number_twice,
    "a code is not used up": _unused_code,
    "a code is half used": _half_used_code,
    "a transaction is left open": _open_transaction,
    "a transaction has no certificate": _no_certificate,
    "an approval is half done": _half_approval,
    "a client still waits": _waiting_client,
    "an odd answer": _odd_answer,
    "denied, and issued all the same": _denied_and_issued,
    "FAILURE for no reason": _failure_in_calm_weather,
    "a connection cut for no reason": _cut_in_calm_weather,
}


def missed(evidence: Evidence) -> list[str]:
    """The planted failures that the proof does not find; it has to find all."""
    names = []
    for name, plant in PLANTED.items():
        spoilt = _copy(evidence)
        plant(spoilt)
        if prove(spoilt).is_clean:
            names.append(name)
    return names + _missed_samples()


def _copy(evidence: Evidence) -> Evidence:
    """A copy whose rows and entries can be changed; the weather is not changed but replaced."""
    rows = {each.name: list(map(copy.copy, getattr(evidence.store, each.name))) for each in fields(evidence.store)}
    return replace(
        evidence,
        entries=list(map(copy.copy, evidence.entries)),
        store=Contents(**rows),
        denied=set(evidence.denied),
    )


def _missed_samples() -> list[str]:
    now = 1000.0
    down, up = Timeline("down", 0), _up(1)
    names = []
    if Weather([up], down).problem(Sample(0, now, now + STALE, 200)) is None:
        names.append("/readyz says 200 without a database")
    if Weather([up], up).problem(Sample(0, now, now, 503)) is None:
        names.append("/readyz says 503 for no reason")
    return names
