# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""What every SCEP client that the harness runs has in common: what it is asked to do, and how it ends."""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import processes

REPOSITORY = Path(__file__).resolve().parents[2]


class Outcome(enum.Enum):
    """How one operation ended, as the client tells it."""

    ISSUED = "issued"
    REFUSED = "refused"
    BROKEN = "broken"


@dataclass(frozen=True)
class Task:
    """What a client is to do: one operation, in a fresh folder of its own."""

    url: str
    common_name: str
    # None: the client sends none.
    challenge: str | None
    folder: Path
    # The self-signed root, and the CA below it that issues, in PEM.
    root: Path
    intermediates: Path
    # For a client that chooses its transactionID.
    transaction_id: str
    options: Sequence[str] = ()
    # The task whose key and certificate sign this one: of a renewal or a query.
    old: Task | None = None
    # Whether the request has to wait for approval, so that the client has to ask again.
    waits: bool = False

    @property
    def key(self) -> Path:
        """Where the client leaves its private key, in PEM."""
        return self.folder / "key.pem"

    @property
    def certificate(self) -> Path:
        """Where the client leaves what it got, in PEM."""
        return self.folder / "certificate.pem"

    @property
    def crl(self) -> Path:
        """Where the client leaves the CRL that it got, in PEM."""
        return self.folder / "crl.pem"

    @property
    def first(self) -> Task:
        """The enrolment that this task goes back to."""
        return self if self.old is None else self.old.first

    def challenge_file(self, contents: str) -> Path:
        """Writes the challenge, in the form the client reads, to a file for this user alone."""
        return self.secret_file("challenge", contents)

    def secret_file(self, name: str, contents: str) -> Path:
        """Writes a file for this user alone."""
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(contents)
        return path


@dataclass(frozen=True)
class Result:
    """How an operation ended, with what the client printed."""

    outcome: Outcome
    text: str


class Client:
    """One SCEP client."""

    name: ClassVar[str]
    package: ClassVar[str]
    needs: ClassVar[str]
    # How many answers PENDING a client has to have seen before the harness decides on its request: with two of them,
    # a poll of its own was among those that had to wait.
    pending_answers: ClassVar[int] = 2

    def version(self) -> str | None:
        """The client's version, or None if it is not installed."""
        raise NotImplementedError

    def enrol(self, task: Task) -> Result:
        """Enrols once; where the task waits, asks until the request is decided."""
        raise NotImplementedError

    def renew(self, task: Task) -> Result:
        """Renews the certificate of the task's old one."""
        raise NotImplementedError

    def get_certificate(self, task: Task) -> Result:
        """Asks for the certificate of the old task, and leaves what it gets at the task's certificate."""
        raise NotImplementedError

    def get_crl(self, task: Task) -> Result:
        """Asks for the CRL about the certificate of the old task, and leaves it at the task's CRL."""
        raise NotImplementedError

    def get_next_ca(self, task: Task) -> Result:
        """Asks for the CA's next certificates, and leaves them at the task's certificate."""
        raise NotImplementedError


def first_match(pattern: str, text: str) -> str | None:
    """The first group of the first match of a pattern in a text."""
    found = re.search(pattern, text)
    return found.group(1) if found else None


def make_key(path: Path, *kind: str) -> None:
    """Makes a private key, of RSA with 2048 bits or as the arguments of openssl genpkey say, for this user alone."""
    words = kind or ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    old = os.umask(0o077)
    try:
        processes.run(["openssl", "genpkey", *words, "-out", path], limit=30)
    finally:
        os.umask(old)


def with_usage(certificates: Sequence[Path], usage: str) -> Path:
    """The first certificate whose keyUsage names the usage, or else the first one."""
    for certificate in certificates:
        command = ["openssl", "x509", "-in", certificate, "-noout", "-ext", "keyUsage"]
        if usage in processes.run(command, limit=20).output:
            return certificate
    return certificates[0]


def serial_number(certificate: Path) -> str:
    """A certificate's serial number in upper-case hexadecimal."""
    printed = processes.run(["openssl", "x509", "-in", certificate, "-noout", "-serial"], limit=20).output
    return printed.strip().partition("=")[2]
