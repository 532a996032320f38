# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The interoperability cases: which client does what, on which profile."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from pathlib import Path

from certmonger import Certmonger
from clients import Client
from micromdm import MicroMDM
from openssl_cms import OpenSSLCMS
from pyscep import PySCEP
from relay import Exchange
from sceptic_client import Sceptic, ScepticPoll
from strongswan import StrongSwan


class Operation(enum.Enum):
    """What a case is about: its name in the report, the names of its steps, and what it says if they all pass."""

    ENROL = "enrolment", ("enrol", "second-use"), "enrolled; second use refused"
    # The server must refuse it.
    REFUSED = "enrolment", ("refused",), "refused, as it must be"
    # With a certificate of a first enrolment; then with what that gave, which has been revoked.
    RENEW = "renewal", ("renew", "revoked"), "renewed; refused once revoked"
    # On a profile where requests wait for approval: one is approved, and one is denied.
    WAIT = "enrolment that waits", ("approved", "denied"), "enrolled once approved; told of the denial"
    RENEW_WAIT = "renewal that waits", ("approved", "denied"), "renewed once approved; told of the denial"
    # About a certificate of its own; then with that one revoked.
    GET_CERT = "GetCert", ("get-cert", "revoked"), "got its certificate; refused once revoked"
    GET_CRL = "CRL", ("get-crl",), "got the CRL"
    # These come last, when the CA has its next key.
    GET_NEXT_CA = "GetNextCACert", ("get-next-ca",), "got the next CA's certificate"
    NEXT_CA = "enrolment with the next CA", ("enrol", "second-use"), "enrolled; second use refused"
    # And these when the CA has gone over to it.
    ROLLED_OVER = "enrolment after a rollover", ("enrol", "second-use"), "enrolled; second use refused"

    def __init__(self, title: str, steps: tuple[str, ...], success: str) -> None:
        self.title, self.steps, self.success = title, steps, success

    @property
    def phase(self) -> int:
        """0 at first, 1 when the CA has its next key, 2 when it has gone over to it."""
        return {"GET_NEXT_CA": 1, "NEXT_CA": 1, "ROLLED_OVER": 2}.get(self.name, 0)


@dataclass(frozen=True)
class Case:
    """One operation of one client on one profile."""

    name: str
    client: Client
    profile: str
    operation: Operation = Operation.ENROL
    # The client's options in enrolments and renewals, and those in what follows an enrolment.
    options: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    # What tells the case from others of the same operation.
    note: str = ""
    # The messages that have to pass; of several of one kind in a row, "…" stands for those after the first.
    messages: str = "PKCSReq"
    # The same of an enrolment before it.
    before: str = "PKCSReq"
    # Whether what follows an enrolment needs a challenge, because the reply is encrypted under it.
    password: bool = False
    # Whether the challenge is one for the transactionID.
    bound: bool = False


@dataclass(frozen=True)
class Step:
    """The outcome of one step of a case; problem is None when it went as it must."""

    name: str
    case: Case
    version: str
    seconds: float
    problem: str | None
    text: str = ""
    exchange: Exchange | None = None


# The messages of a client that polls.
POLLED = "PKCSReq, CertPoll, …"
RENEWAL_POLLED = "RenewalReq, CertPoll, …"
# Those of one that sends its request again instead.
AGAIN = "PKCSReq, …"
DES3 = ("--cipher", "des3", "--digest", "sha256")
AES = ("--cipher", "aes", "--digest", "sha256")
PSS = ("--cipher", "aes", "--digest", "sha512", "--rsa-padding", "pss")


def all_cases(sceptic: Path | None) -> list[Case]:
    """Every case, in the order in which they run; Sceptic's own client only if there is a binary."""
    return _strongswan() + _certmonger() + _pyscep() + _scepclient() + _openssl() + (_own(sceptic) if sceptic else [])


def _strongswan() -> list[Case]:
    client = StrongSwan()
    renewal = {"messages": RENEWAL_POLLED, "before": POLLED}
    return [
        Case("strongswan-des3", client, "default", options=DES3),
        Case("strongswan-aes", client, "strongswan", options=AES),
        Case("strongswan-pss", client, "pss", options=PSS, note="RSASSA-PSS"),
        Case("strongswan-renew", client, "strongswan", Operation.RENEW, AES, messages="RenewalReq"),
        Case("strongswan-poll", client, "approval", Operation.WAIT, DES3, messages=POLLED),
        Case("strongswan-renew-poll", client, "approval", Operation.RENEW_WAIT, DES3, **renewal),
        Case("strongswan-rollover", client, "default", Operation.ROLLED_OVER, DES3),
    ]


def _certmonger() -> list[Case]:
    client, again = Certmonger(), ("started again",)
    return [
        Case("certmonger", client, "default"),
        Case("certmonger-rekey", client, "default", Operation.RENEW),
        Case("certmonger-resubmit", client, "default", Operation.RENEW, then=("same key",), note="same key"),
        Case("certmonger-poll", client, "approval", Operation.WAIT, messages=AGAIN),
        Case("certmonger-start", client, "approval", Operation.WAIT, again, note="started again", messages=AGAIN),
        Case("certmonger-rekey-poll", client, "approval", Operation.RENEW_WAIT, messages=AGAIN, before=AGAIN),
        Case("certmonger-rollover", client, "default", Operation.ROLLED_OVER),
    ]


def _pyscep() -> list[Case]:
    client = PySCEP()
    return [
        Case("pyscep", client, "pyscep"),
        Case("pyscep-renew", client, "pyscep", Operation.RENEW),
        Case("pyscep-poll", client, "pyscep-approval", Operation.WAIT, messages=POLLED),
        Case("pyscep-renew-poll", client, "pyscep-approval", Operation.RENEW_WAIT, messages=POLLED, before=POLLED),
        Case("pyscep-get-cert", client, "pyscep", Operation.GET_CERT, messages="GetCert"),
        Case("pyscep-get-crl", client, "pyscep", Operation.GET_CRL, messages="GetCRL"),
        Case("pyscep-get-next-ca", client, "pyscep", Operation.GET_NEXT_CA, messages="–"),
        Case("pyscep-rollover", client, "pyscep", Operation.ROLLED_OVER),
    ]


def _scepclient() -> list[Case]:
    client = MicroMDM()
    renewal = {"messages": "RenewalReq, …", "before": AGAIN, "note": "same key"}
    return [
        Case("scepclient", client, "legacy"),
        Case("scepclient-without-exception", client, "default", Operation.REFUSED),
        Case("scepclient-renew", client, "legacy", Operation.RENEW, messages="RenewalReq", note="same key"),
        Case("scepclient-again", client, "legacy-approval", Operation.WAIT, messages=AGAIN),
        Case("scepclient-renew-again", client, "legacy-approval", Operation.RENEW_WAIT, **renewal),
        Case("scepclient-rollover", client, "legacy", Operation.ROLLED_OVER),
    ]


def _openssl() -> list[Case]:
    client = OpenSSLCMS()
    plain, under = ("P-256",), ("P-384", "password")
    note = "P-384, under the challenge"
    renewal = {"operation": Operation.RENEW, "messages": "RenewalReq", "password": True}
    return [
        Case("openssl-ec", client, "default", options=plain, note="P-256"),
        Case("openssl-ec-password", client, "password", options=under, note=note, bound=True),
        Case("openssl-ec-renew", client, "default", options=plain, note="P-256", **renewal),
        Case("openssl-ec-renew-password", client, "password", options=under, note=note, bound=True, **renewal),
        Case("openssl-ec-poll", client, "approval", Operation.WAIT, plain, note="P-256", messages=POLLED),
    ]


def _own(binary: Path) -> list[Case]:
    client, later = Sceptic(binary), ScepticPoll(binary)
    algorithms = [
        ("post", "aes128", "sha1"),
        ("post", "aes192", "sha256"),
        ("post", "aes256", "sha384"),
        ("post", "des3", "sha512"),
        ("get", "aes128", "sha256"),
        ("get", "aes192", "sha384"),
        ("get", "aes256", "sha512"),
        ("get", "des3", "sha1"),
    ]
    p256, p384 = ("--key-type", "p256"), ("--key-type", "p384")
    enrolments = [
        Case("sceptic", client, "default"),
        Case("sceptic-p256", client, "default", options=p256, note="P-256"),
        Case("sceptic-p384", client, "default", options=p384, note="P-384"),
    ]
    for each in algorithms:
        name, note = f"sceptic-{'-'.join(each)}", f"`{' '.join(each)}`"
        enrolments.append(Case(name, client, "default", options=_chosen(*each), note=note))
    renewal = {"operation": Operation.RENEW, "messages": "RenewalReq"}
    reuse, old_form, by_scep = ("--reuse-key",), ("--message-type", "pkcsreq"), ("--source", "scep")
    poll = "`sceptic poll`"
    next_ca = ("--next-ca", "--chain-out", "chain.pem")
    return [
        *enrolments,
        Case("sceptic-renew", client, "default", **renewal),
        Case("sceptic-renew-key", client, "default", then=reuse, note="same key", **renewal),
        Case("sceptic-renew-pkcsreq", client, "default", Operation.RENEW, then=old_form),
        Case("sceptic-renew-p256", client, "default", options=p256, note="P-256", password=True, **renewal),
        Case("sceptic-poll", client, "approval", Operation.WAIT, messages=POLLED),
        Case("sceptic-poll-p256", client, "approval", Operation.WAIT, p256, note="P-256", messages=POLLED),
        Case("sceptic-pending", later, "approval", Operation.WAIT, note=poll, messages=POLLED),
        Case("sceptic-pending-p256", later, "approval", Operation.WAIT, p256, note=f"P-256, {poll}", messages=POLLED),
        Case("sceptic-renew-poll", client, "approval", Operation.RENEW_WAIT, messages=RENEWAL_POLLED, before=POLLED),
        Case("sceptic-get-cert", client, "default", Operation.GET_CERT, messages="GetCert"),
        Case("sceptic-get-crl", client, "default", Operation.GET_CRL, then=by_scep, messages="GetCRL"),
        Case("sceptic-crl-url", client, "default", Operation.GET_CRL, note="by HTTP", messages="–"),
        Case("sceptic-get-next-ca", client, "default", Operation.GET_NEXT_CA, messages="–"),
        Case("sceptic-next-ca", client, "default", Operation.NEXT_CA, then=next_ca),
        Case("sceptic-rollover", client, "default", Operation.ROLLED_OVER),
    ]


def _chosen(transport: str, cipher: str, digest: str) -> tuple[str, ...]:
    return ("--transport", transport, "--cipher", cipher, "--digest", digest)


def step_names(case: Case) -> list[str]:
    """The names that exceptions.json knows a case's steps by."""
    return [f"{case.name}/{step}" for step in case.operation.steps]


def known_exceptions(path: Path, cases: list[Case]) -> dict[str, str]:
    """Reads the divergences that are known, with their reasons; raises ValueError for one that names no step."""
    reasons = {each["step"]: each["reason"] for each in json.loads(path.read_text())["exceptions"]}
    names = {name for case in cases for name in step_names(case)}
    for step, reason in reasons.items():
        if step not in names or not reason.strip():
            raise ValueError(f"{path.name}: '{step}' names no step, or gives no reason.")
    return reasons
