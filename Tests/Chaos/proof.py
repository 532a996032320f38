# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Compares what clients hold and saw with what stands in the store: nothing lost, nothing twice, nothing half done."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from store import Certificate, Contents
from weather import RECOVERY, State, Weather

# (profile, transactionID): one device's wish for one certificate.
Key = tuple[str, str]
# (profile, number of the challenge)
Code = tuple[str, int]


@dataclass
class Entry:
    """A line of the ledger: what a client sent, and what came back."""

    story: str
    profile: str
    challenge: int
    transaction_id: str
    kind: str
    node: int
    sent: float
    ended: float
    outcome: str
    detail: str = ""
    certificate: str = ""

    @property
    def key(self) -> Key:
        return self.profile, self.transaction_id

    @property
    def code(self) -> Code:
        return self.profile, self.challenge


def ledger(path: Path) -> list[Entry]:
    """Reads the load generator's file."""
    entries = []
    for line in path.read_text().splitlines():
        each = json.loads(line)
        entries.append(
            Entry(
                story=each["story"],
                profile=each["profile"],
                challenge=each["challenge"],
                transaction_id=each["transactionID"],
                kind=each["kind"],
                node=each["node"],
                sent=each["sent"],
                ended=each["ended"],
                outcome=each["outcome"],
                detail=each.get("detail", ""),
                certificate=base64.b64decode(each.get("certificate", "")).hex(),
            )
        )
    return entries


@dataclass
class Evidence:
    """All that the proof looks at."""

    entries: list[Entry]
    store: Contents
    # The serial numbers that `sceptic certificate list` names.
    listed: list[str]
    denied: set[str]
    weather: Weather
    # How many challenges were made.
    challenges: int


@dataclass
class Verdict:
    """What was found; a lost enrolment is named by its transaction or its challenge."""

    enrolments: int = 0
    lost: dict[Key | Code, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    # Worth telling, and no defect.
    notes: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.lost and not self.others

    def lose(self, subject: Key | Code, why: str) -> None:
        self.lost.setdefault(subject, why)


def prove(evidence: Evidence) -> Verdict:
    """Judges everything."""
    verdict = Verdict()
    held = {entry.key: entry.certificate for entry in evidence.entries if entry.certificate}
    verdict.enrolments = len(set(held.values()))
    _holdings(evidence, verdict)
    _codes(evidence, verdict)
    _endings(evidence, verdict)
    _store(evidence, verdict)
    _replies(evidence, verdict)
    return verdict


def _by_key(entries: Iterable[Entry]) -> dict[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.key].append(entry)
    return found


def _holdings(evidence: Evidence, verdict: Verdict) -> None:
    """Every certificate that a client holds is in the store, as the one of its transaction."""
    store = evidence.store
    by_der = {each.der: each for each in store.certificates}
    transactions = {each.id: each for each in store.transactions}
    for key, entries in _by_key(evidence.entries).items():
        certificates = {entry.certificate for entry in entries if entry.certificate}
        if len(certificates) > 1:
            verdict.lose(key, f"the same request was answered with {len(certificates)} certificates")
        for der in certificates:
            row = by_der.get(der)
            if row is None:
                verdict.lose(key, "a certificate that a client holds is not in the store")
                continue
            transaction = transactions.get(row.transaction)
            if transaction is None or (transaction.profile, transaction.transaction_id) != key:
                verdict.lose(key, "the store has the certificate for another transaction than the client")
            elif transaction.state != "issued":
                verdict.lose(key, f"its transaction is '{transaction.state}'")


def _codes(evidence: Evidence, verdict: Verdict) -> None:
    """Each code gave one certificate at most, and its row says which."""
    certificates: dict[Code, set[str]] = defaultdict(set)
    for entry in evidence.entries:
        if entry.certificate:
            certificates[entry.code].add(entry.certificate)
    by_der = {each.der: each for each in evidence.store.certificates}
    used_by = _challenges_by_transaction(evidence.store)
    codes_of: dict[str, set[Code]] = defaultdict(set)
    for code, ders in certificates.items():
        if len(ders) > 1:
            verdict.lose(code, f"one code gave {len(ders)} certificates")
        for der in ders & by_der.keys():
            rows = used_by.get(by_der[der].transaction, [])
            if len(rows) != 1:
                verdict.lose(code, f"{len(rows)} challenges are marked as used by its certificate's transaction, not 1")
            for row in rows:
                codes_of[row].add(code)
    for codes in codes_of.values():
        for code in codes if len(codes) > 1 else ():
            verdict.lose(code, "the same challenge is marked as used for several codes")


def _challenges_by_transaction(store: Contents) -> dict[str, list[str]]:
    """The ids of the challenges that each transaction used up, itself or while it waited for approval."""
    issued_by_approval = {each.id: each.issued for each in store.approvals}
    found: dict[str, list[str]] = defaultdict(list)
    for challenge in store.challenges:
        transaction = challenge.transaction or issued_by_approval.get(challenge.approval, "")
        if transaction:
            found[transaction].append(challenge.id)
    return found


def _endings(evidence: Evidence, verdict: Verdict) -> None:
    """Whoever asked until the end got an answer, and the right one."""
    winners: dict[Code, int] = defaultdict(int)
    stories: dict[Code, list[Key]] = defaultdict(list)
    for key, entries in _by_key(evidence.entries).items():
        last = max(entries, key=lambda entry: entry.ended)
        stories[last.code].append(key)
        if last.outcome not in ("SUCCESS", "FAILURE"):
            verdict.lose(key, f"the client still waits, and last heard {last.outcome} {last.detail}".strip())
        if last.outcome == "SUCCESS":
            winners[last.code] += 1
        elif any(entry.certificate for entry in entries):
            verdict.lose(key, f"after SUCCESS the last answer was {last.outcome} {last.detail}".strip())
    for code, keys in stories.items():
        is_denied = any(transaction_id in evidence.denied for _, transaction_id in keys)
        if is_denied and winners[code]:
            verdict.lose(code, "a request that was denied got a certificate")
        if not is_denied and winners[code] != 1:
            verdict.lose(code, f"of the {len(keys)} requests with one code {winners[code]} got a certificate, not 1")


def _store(evidence: Evidence, verdict: Verdict) -> None:
    """The store agrees with itself: no half of anything, whether a client knows of it or not."""
    store, others = evidence.store, verdict.others
    by_transaction: dict[str, list[Certificate]] = defaultdict(list)
    serials: dict[tuple[str, str], int] = defaultdict(int)
    for certificate in store.certificates:
        by_transaction[certificate.transaction].append(certificate)
        serials[certificate.issuer, certificate.serial] += 1
    others += [f"the serial number {which[1]} occurs {times} times" for which, times in serials.items() if times > 1]
    if sorted(evidence.listed) != sorted(each.serial for each in store.certificates):
        others.append("`sceptic certificate list` names other certificates than the store holds")
    if len(store.challenges) != evidence.challenges:
        others.append(f"there are {len(store.challenges)} challenges, and {evidence.challenges} were made")
    used_by = _challenges_by_transaction(store)
    transactions = {each.id for each in store.transactions}
    for transaction in store.transactions:
        key = (transaction.profile, transaction.transaction_id)
        number = len(by_transaction[transaction.id])
        if transaction.state == "reserved":
            verdict.lose(key, "its transaction was left open")
        elif number != (1 if transaction.state == "issued" else 0):
            verdict.lose(key, f"its transaction is '{transaction.state}' and has {number} certificates")
        if transaction.state == "issued" and len(used_by[transaction.id]) != 1:
            verdict.lose(key, f"it was issued for {len(used_by[transaction.id])} challenges, not for 1")
    for certificate in store.certificates:
        if certificate.transaction not in transactions:
            others.append(f"the certificate {certificate.serial} belongs to no transaction")
    approvals = {each.id for each in store.approvals}
    for challenge in store.challenges:
        users = [each for each in (challenge.transaction, challenge.approval) if each]
        known = all(each in transactions or each in approvals for each in users)
        if len(users) != (1 if challenge.used_at else 0) or not known:
            others.append(f"the challenge {challenge.id} is half used: {challenge}")
    for approval in store.approvals:
        is_issued = bool(approval.issued and by_transaction[approval.issued])
        if is_issued != (approval.state == "approved") or is_issued != bool(approval.issued):
            verdict.lose((approval.profile, approval.transaction_id), f"its approval is half done: {approval}")


def _replies(evidence: Evidence, verdict: Verdict) -> None:
    """Clients saw nothing that the weather does not explain."""
    weather, busy, blind = evidence.weather, 0, 0
    by_key = _by_key(evidence.entries)
    rivals = defaultdict(set)
    for entry in evidence.entries:
        rivals[entry.code].add(entry.key)
    for entry in evidence.entries:
        what = _unexplained(entry, weather)
        if entry.outcome == "FAILURE":
            is_rival = len(rivals[entry.code]) > 1 and not any(each.certificate for each in by_key[entry.key])
            if not is_rival and entry.transaction_id not in evidence.denied:
                # While the database is away nobody learns whether a challenge is good, and all refusals look alike.
                if weather.explains_failure(entry.node, entry.sent, entry.ended):
                    blind += 1
                else:
                    what = "FAILURE for a request that nothing speaks against"
        if entry.outcome == "unavailable" and weather.is_calm(entry.node, entry.sent, entry.ended):
            busy += 1
        if what is not None:
            verdict.others.append(
                f"{what} (node {entry.node}, {entry.story}, {entry.kind}, {entry.profile}, {entry.transaction_id}): "
                f"{entry.detail}"
            )
    if busy:
        verdict.notes.append(f"{busy} times 503 though node and database were up")
    if blind:
        verdict.notes.append(f"{blind} times FAILURE for good requests while the database was away")


def _unexplained(entry: Entry, weather: Weather) -> str | None:
    """What a client saw that it must not, as far as the node's state explains it."""
    node = weather.nodes[entry.node].states(entry.sent - 1, entry.ended + 1)
    match entry.outcome:
        case "odd":
            return "an answer that no client knows what to do with"
        case "refused" if node == {State.UP}:
            return "no connection to a node that was up"
        case "cut" if node == {State.UP}:
            return "a connection cut by a node that was up"
        case "silent" if node == {State.UP} and weather.database.always(State.UP, entry.sent - RECOVERY, entry.ended):
            return "no answer from a node that was up"
    return None
