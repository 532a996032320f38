# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The checks on what a client got, by openssl; each returns what is wrong, or None."""

from __future__ import annotations

import re
from pathlib import Path

import processes
from clients import Task, serial_number
from relay import Exchange


def certificate_problem(task: Task, intermediates: Path | None = None) -> str | None:
    """Whether the task's certificate is good for a TLS client, for the task's key, and for its name."""
    certificate = task.certificate
    if problem := _chain_problem(task, certificate, ["-purpose", "sslclient"], intermediates):
        return problem
    certified = processes.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], limit=20)
    own = processes.run(["openssl", "pkey", "-in", task.key, "-pubout"], limit=20)
    if certified.status != 0 or own.status != 0 or certified.output != own.output:
        return "the certificate's public key is not that of the client's private key"
    show = ["openssl", "x509", "-in", certificate, "-noout", "-subject", "-nameopt", "multiline"]
    subject = processes.run(show, limit=20)
    wanted = f"= {task.common_name}"
    if not any(line.endswith(wanted) for line in subject.output.splitlines()):
        return f"the certificate's subject does not have the common name {task.common_name}"
    return None


def renewal_problem(task: Task) -> str | None:
    """Whether the task's certificate is a good one, and not the old one."""
    if task.old is not None and same_certificate_problem(task) is None:
        return "the certificate is the old one"
    return certificate_problem(task)


def _chain_problem(task: Task, certificate: Path, more: list[str | Path], intermediates: Path | None) -> str | None:
    verify: list[str | Path] = ["openssl", "verify", "-x509_strict", *more, "-CAfile", task.root]
    between = intermediates or task.intermediates
    if between.stat().st_size:
        verify += ["-untrusted", between]
    verified = processes.run([*verify, certificate], limit=20)
    return None if verified.status == 0 else f"openssl verify refuses the certificate: {verified.text.strip()}"


def same_certificate_problem(task: Task) -> str | None:
    """Whether the task got the certificate of the task before it."""
    asked, got = (_fingerprint(each) for each in ((task.old or task).certificate, task.certificate))
    return None if asked and asked == got else "the certificate is not the one that was asked for"


def next_certificate_problem(task: Task) -> str | None:
    """Whether the task's certificate is a good one of the next CA, the chain of which the client left beside it."""
    chain = task.folder / "chain.pem"
    if _fingerprint(chain) == _fingerprint(task.intermediates):
        return "the certificate is one of the present CA"
    return certificate_problem(task, intermediates=chain)


def _fingerprint(certificate: Path) -> str:
    return processes.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], limit=20).output


def crl_problem(task: Task) -> str | None:
    """Whether the task's CRL is one by which its old certificate is good."""
    assert task.old is not None
    return _chain_problem(task, task.old.certificate, ["-crl_check", "-CRLfile", task.crl], None)


def next_ca_problem(task: Task) -> str | None:
    """Whether the task's certificates have a CA certificate that the root issued and that is not the present CA's."""
    blocks = re.findall(
        r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", task.certificate.read_text(), re.DOTALL
    )
    present = _fingerprint(task.intermediates)
    for number, block in enumerate(blocks):
        path = task.folder / f"next-{number}.pem"
        path.write_text(block)
        shown = processes.run(["openssl", "x509", "-in", path, "-noout", "-ext", "basicConstraints"], limit=20).output
        is_root = _fingerprint(path) == _fingerprint(task.root)
        if "CA:TRUE" in shown and not is_root and _fingerprint(path) != present:
            return _chain_problem(task, path, [], None)
    return "none of the certificates is one of a next CA"


def messages(exchanges: list[Exchange]) -> str:
    """The kinds of messages that were sent; "…" stands for more of one kind."""
    words: list[str] = []
    for exchange in exchanges:
        kind = exchange.request.kind if exchange.request else "unreadable"
        if words and kind == words[-1]:
            words.append("…")
        elif len(words) < 2 or words[-1] != "…" or words[-2] != kind:
            words.append(kind)
    return ", ".join(words) or "–"


def signer_problem(exchange: Exchange, old_serial: str) -> str | None:
    """Whether a renewal or query was signed with the old certificate."""
    signer = exchange.request.signer if exchange.request else ""
    if not signer or int(signer, 16) != int(old_serial, 16):
        return "the request was not signed with the client's earlier certificate"
    return None


def old_serial_number(task: Task) -> str | None:
    """The serial number of the certificate that has to sign, to be asked for before the client runs."""
    return None if task.old is None else serial_number(task.old.certificate)
