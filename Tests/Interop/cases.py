# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The interoperability cases, and the checks on what a client got."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import processes
from clients import Certmonger, Client, Enrollment, MicroMDM, Outcome, PySCEP, Result, Sceptic, StrongSwan
from relay import Exchange, Relay
from server import Server

# How many of a client's last lines are shown when a step goes wrong.
SHOWN_LINES = 25


@dataclass(frozen=True)
class Case:
    """One client on one profile.

    Where refused is set, the server must refuse it; otherwise it gets a certificate, and a second use of the same
    challenge with a new key must be refused.
    """

    name: str
    client: Client
    profile: str
    options: tuple[str, ...] = ()
    refused: bool = False


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


def all_cases(sceptic: Path | None) -> list[Case]:
    """Every case, in the order in which they run; Sceptic's own client only if there is a binary."""
    cases = [
        Case("strongswan-des3", StrongSwan(), "default", ("--cipher", "des3", "--digest", "sha256")),
        Case("strongswan-aes", StrongSwan(), "strongswan", ("--cipher", "aes", "--digest", "sha256")),
        Case("certmonger", Certmonger(), "default"),
        Case("pyscep", PySCEP(), "pyscep"),
        Case("scepclient", MicroMDM(), "legacy"),
        Case("scepclient-without-exception", MicroMDM(), "default", refused=True),
    ]
    return cases if sceptic is None else [*cases, Case("sceptic", Sceptic(sceptic), "default")]


def step_names(case: Case) -> list[str]:
    """The names that exceptions.json knows a case's steps by."""
    return [f"{case.name}/refused"] if case.refused else [f"{case.name}/enrol", f"{case.name}/second-use"]


def known_exceptions(path: Path, cases: list[Case]) -> dict[str, str]:
    """Reads the divergences that are known, with their reasons; raises ValueError for one that names no step."""
    reasons = {each["step"]: each["reason"] for each in json.loads(path.read_text())["exceptions"]}
    names = {name for case in cases for name in step_names(case)}
    for step, reason in reasons.items():
        if step not in names or not reason.strip():
            raise ValueError(f"{path.name}: '{step}' names no step, or gives no reason.")
    return reasons


class Bench:
    """Runs cases against one server."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._relay = Relay(server.base.hostname or "", server.base.port or 80)
        root, *others = server.certificates()
        self._root, self._intermediates = folder / "root.pem", folder / "issuing.pem"
        self._root.write_text(root)
        self._intermediates.write_text("".join(others))

    def close(self) -> None:
        """Takes no more clients."""
        self._relay.close()

    def run(self, case: Case) -> list[Step]:
        """Runs the steps of a case; the second one only after a first one that went well."""
        version = case.client.version()
        if version is None:
            problem = "the client is not installed: run scripts/bootstrap interop"
            return [Step(step_names(case)[0], case, "missing", 0.0, problem)]
        challenge = self._server.new_challenge(case.profile)
        expected = [Outcome.REFUSED] if case.refused else [Outcome.ISSUED, Outcome.REFUSED]
        steps: list[Step] = []
        for name, outcome in zip(step_names(case), expected, strict=True):
            steps.append(self._step(name, case, version, challenge, outcome))
            if steps[-1].problem is not None:
                break
        return steps

    def _step(self, name: str, case: Case, version: str, challenge: str, expected: Outcome) -> Step:
        folder = self._folder / name.replace("/", "-")
        folder.mkdir()
        enrollment = Enrollment(
            url=f"http://127.0.0.1:{self._relay.port}{self._server.path(case.profile)}",
            common_name=f"interop-{case.name}",
            challenge=challenge,
            folder=folder,
            root=self._root,
            intermediates=self._intermediates,
            options=case.options,
        )
        self._relay.forget()
        began = time.monotonic()
        result = case.client.enrol(enrollment)
        seconds = time.monotonic() - began
        exchanges = self._relay.exchanges()
        exchange = exchanges[-1] if exchanges else None
        text = result.text.replace(challenge, "[challenge]")
        (folder / "printed").write_text(text)
        problem = _problem(result, expected, enrollment, exchange)
        shown = "\n".join(text.splitlines()[-SHOWN_LINES:])
        return Step(name, case, version, seconds, problem, shown, exchange)


def _problem(result: Result, expected: Outcome, enrollment: Enrollment, exchange: Exchange | None) -> str | None:
    if result.outcome is not expected:
        return f"the client ended as '{result.outcome.value}' where '{expected.value}' was expected"
    if exchange is None or exchange.request is None or exchange.reply is None:
        return "no readable PKIOperation passed between client and server"
    status = "SUCCESS" if expected is Outcome.ISSUED else "FAILURE"
    if exchange.reply.status != status:
        return f"the CertRep said {exchange.reply.status}, not {status}"
    return _certificate_problem(enrollment) if expected is Outcome.ISSUED else None


def _certificate_problem(enrollment: Enrollment) -> str | None:
    certificate = enrollment.certificate
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", enrollment.root]
    if enrollment.intermediates.stat().st_size:
        verify += ["-untrusted", enrollment.intermediates]
    verified = processes.run([*verify, certificate], limit=20)
    if verified.status != 0:
        return f"openssl verify refuses the certificate: {verified.text.strip()}"
    certified = processes.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], limit=20)
    own = processes.run(["openssl", "pkey", "-in", enrollment.key, "-pubout"], limit=20)
    if certified.status != 0 or own.status != 0 or certified.output != own.output:
        return "the certificate's public key is not that of the client's private key"
    show = ["openssl", "x509", "-in", certificate, "-noout", "-subject", "-nameopt", "multiline"]
    subject = processes.run(show, limit=20)
    wanted = f"= {enrollment.common_name}"
    if not any(line.endswith(wanted) for line in subject.output.splitlines()):
        return f"the certificate's subject does not have the common name {enrollment.common_name}"
    return None
