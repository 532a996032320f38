# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The SCEP clients that the harness runs: how each is asked its version, and how each enrols once."""

from __future__ import annotations

import enum
import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import commands
import processes

REPOSITORY = Path(__file__).resolve().parents[2]


class Outcome(enum.Enum):
    """How one enrolment ended, as the client tells it."""

    ISSUED = "issued"
    REFUSED = "refused"
    BROKEN = "broken"


@dataclass(frozen=True)
class Enrollment:
    """What a client is to do: one enrolment, in a fresh folder of its own."""

    url: str
    common_name: str
    challenge: str
    folder: Path
    root: Path
    intermediates: Path
    options: Sequence[str] = ()

    @property
    def key(self) -> Path:
        """Where the client leaves its private key, in PEM."""
        return self.folder / "key.pem"

    @property
    def certificate(self) -> Path:
        """Where the client leaves what it got, in PEM."""
        return self.folder / "certificate.pem"

    def challenge_file(self, contents: str) -> Path:
        """Writes the challenge, in the form the client reads, to a file for this user alone."""
        path = self.folder / "challenge"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(contents)
        return path


@dataclass(frozen=True)
class Result:
    """How an enrolment ended, with what the client printed."""

    outcome: Outcome
    text: str


class Client:
    """One SCEP client."""

    name: ClassVar[str]
    package: ClassVar[str]
    needs: ClassVar[str]

    def version(self) -> str | None:
        """The client's version, or None if it is not installed."""
        raise NotImplementedError

    def enrol(self, enrollment: Enrollment) -> Result:
        """Enrols once."""
        raise NotImplementedError


def _first_match(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return found.group(1) if found else None


class StrongSwan(Client):
    """strongSwan's `pki --scepca`, then `pki --scep`. Options: --cipher and --digest."""

    name = "strongSwan pki"
    package = "Debian strongswan-pki"
    needs = (
        "AES only where GetCACaps lists `SHA-384`, which is what the compatibility entry `strongswan-5.9` adds; 3DES "
        "elsewhere. The self-signed root in GetCACert, and `rsaEncryption` as the CertRep's signature algorithm. Its "
        "plugins `openssl` and `curl` are in libstrongswan-standard-plugins and libstrongswan-extra-plugins."
    )
    # Named, so that no installed plugin that finds its hardware missing prints a complaint.
    _plugins = "aes openssl sha1 sha2 md5 random x509 pubkey pkcs1 pkcs7 pkcs8 pem gmp hmac curl"

    def version(self) -> str | None:
        if shutil.which("pki") is None:
            return None
        return _first_match(r"strongSwan (\S+) PKI tool", processes.run(["pki", "--help"], limit=20).text)

    def enrol(self, enrollment: Enrollment) -> Result:
        folder = enrollment.folder
        configuration = folder / "strongswan.conf"
        configuration.write_text(f"pki {{\n  load = {self._plugins}\n}}\n")
        environment = {"STRONGSWAN_CONF": str(configuration)}
        fetched = processes.run(
            ["pki", "--scepca", "--url", enrollment.url, "--caout", "ca.pem", "--raout", "ra.pem", "--outform", "pem"],
            limit=commands.CLIENT_LIMIT,
            folder=folder,
            environment=environment,
        )
        # It writes ca.pem, ca-1.pem …, and ra.pem, ra-1.pem …, in the order of the answer.
        authorities, agents = (sorted(folder.glob(f"{each}*.pem"), key=_position) for each in ("ca", "ra"))
        if fetched.status != 0 or not authorities:
            return Result(Outcome.BROKEN, fetched.text)
        speakers = agents or authorities
        _make_key(enrollment.key)
        options = enrollment.challenge_file(f"--password {enrollment.challenge}\n")
        got = processes.run(
            [
                "pki", "--scep", "--url", enrollment.url, "--in", enrollment.key,
                "--dn", f"CN={enrollment.common_name}",
                "--cacert-enc", _with_usage(speakers, "Key Encipherment"),
                "--cacert-sig", _with_usage(speakers, "Digital Signature"),
                *(word for each in authorities for word in ("--cacert", str(each))),
                *enrollment.options, "--outform", "pem", "--options", options,
            ],  # fmt: skip
            limit=commands.CLIENT_LIMIT,
            folder=folder,
            environment=environment,
        )
        if got.status == 0 and "BEGIN CERTIFICATE" in got.output:
            enrollment.certificate.write_text(got.output)
            return Result(Outcome.ISSUED, got.errors)
        refused = got.status is not None and "failInfo:" in got.text
        return Result(Outcome.REFUSED if refused else Outcome.BROKEN, got.text)


def _position(path: Path) -> int:
    return int(_first_match(r"-(\d+)$", path.stem) or 0)


def _make_key(path: Path) -> None:
    old = os.umask(0o077)
    try:
        processes.run(["openssl", "genrsa", "-out", path, "2048"], limit=30)
    finally:
        os.umask(old)


def _with_usage(certificates: Sequence[Path], usage: str) -> Path:
    """The first certificate whose keyUsage names the usage, or else the first one."""
    for certificate in certificates:
        command = ["openssl", "x509", "-in", certificate, "-noout", "-ext", "keyUsage"]
        if usage in processes.run(command, limit=20).output:
            return certificate
    return certificates[0]


class Certmonger(Client):
    """certmonger, which builds the message and lets its helper scep-submit carry it.

    The daemon runs for one request, on a private socket, with all its state in the enrolment's folder: it needs neither
    D-Bus nor root.
    """

    name = "certmonger scep-submit"
    package = "Debian certmonger"
    needs = (
        "PKIOperation by GET with request lines of several kilobytes, whatever GetCACaps says; FAILURE with an empty "
        "eContent rather than none; the self-signed root for `-N`, which the harness takes from `sceptic ca show`."
    )
    _daemon = "/usr/sbin/certmonger"
    _helper = "/usr/lib/certmonger/scep-submit"

    def version(self) -> str | None:
        if not Path(self._daemon).exists() or shutil.which("getcert") is None:
            return None
        return _first_match(r"certmonger (\S+)", processes.run([self._daemon, "-v"], limit=20).text)

    def enrol(self, enrollment: Enrollment) -> Result:
        folder = enrollment.folder
        environment = {"HOME": str(folder), "CERTMONGER_SYSTEM_LOCK_FILE": str(folder / "lock")}
        for name in ("CONFIG_DIR", "REQUESTS_DIR", "CAS_DIR", "LOCAL_CA_DIR", "TMPDIR"):
            place = folder / name.lower()
            place.mkdir()
            environment[f"CERTMONGER_{name}"] = str(place)
        for question in ("-c", "-C"):
            asked = processes.run([self._helper, "-u", enrollment.url, question], limit=commands.CLIENT_LIMIT)
            if asked.status != 0:
                return Result(Outcome.BROKEN, asked.text)
        challenge = enrollment.challenge_file(enrollment.challenge)
        certificates = ["-N", enrollment.root]
        if enrollment.intermediates.stat().st_size:
            certificates += ["-I", enrollment.intermediates]
        steps = [
            ["getcert", "add-scep-ca", "-c", "interop", "-u", enrollment.url, *certificates],
            [
                "getcert", "request", "-c", "interop", "-I", "device",
                "-k", enrollment.key, "-f", enrollment.certificate,
                "-N", f"CN={enrollment.common_name}", "-l", challenge, "-w",
            ],
            ["getcert", "list"],
        ]  # fmt: skip
        script = folder / "steps"
        script.write_text("".join(shlex.join(map(str, step)) + "\n" for step in steps))
        ran = processes.run(
            [self._daemon, "-L", "-P", folder / "socket", "-n", "-c", f"/bin/sh {script}"],
            limit=commands.CLIENT_LIMIT,
            folder=folder,
            environment=environment,
        )
        if ran.status == 0 and "status: MONITORING" in ran.text and enrollment.certificate.exists():
            return Result(Outcome.ISSUED, ran.text)
        return Result(Outcome.REFUSED if "status: CA_REJECTED" in ran.text else Outcome.BROKEN, ran.text)


class PySCEP(Client):
    """PySCEP from PyPI, in the environment that scripts/bootstrap makes."""

    name = "PySCEP"
    package = "PyPI PyScep"
    needs = (
        "Content-Types without parameters, keyUsage in every CA and RA certificate, an RSA issuer, FAILURE with an "
        "empty eContent. It encrypts to the first RA certificate with keyEncipherment but *without* digitalSignature; "
        "if there is none, to the first CA certificate, which then must be the only one. Of its dependency oscrypto, "
        "`scripts/bootstrap interop` corrects the pattern that reads OpenSSL's version."
    )
    _python = REPOSITORY / ".build/interop-venv/bin/python"

    def version(self) -> str | None:
        if not self._python.exists():
            return None
        question = "import importlib.metadata as m; print(m.version('PyScep'))"
        return processes.run([self._python, "-c", question], limit=20).output.strip() or None

    def enrol(self, enrollment: Enrollment) -> Result:
        ran = processes.run(
            [
                self._python, "-B", Path(__file__).with_name("pyscep_enroll.py"), "--url", enrollment.url,
                "--common-name", enrollment.common_name,
                "--key-out", enrollment.key, "--cert-out", enrollment.certificate,
            ],  # fmt: skip
            limit=commands.CLIENT_LIMIT,
            folder=enrollment.folder,
            standard_input=enrollment.challenge + "\n",
        )
        outcome = {0: Outcome.ISSUED, 2: Outcome.REFUSED}.get(-1 if ran.status is None else ran.status, Outcome.BROKEN)
        return Result(outcome, ran.text)


class MicroMDM(Client):
    """micromdm's scepclient, as Debian has it."""

    name = "micromdm scepclient"
    package = "Debian scep"
    needs = (
        "A profile made with `--accept-legacy des`: it always sends single DES and SHA-1. Its encryptedContent is "
        "constructed, as BER allows, and it encrypts to every certificate of GetCACert."
    )

    def version(self) -> str | None:
        if shutil.which("scepclient") is None:
            return None
        return processes.run(["scepclient", "-version"], limit=20).text.strip() or None

    def enrol(self, enrollment: Enrollment) -> Result:
        # This client takes the challenge from its command line only. It writes csr.pem and self.pem into the working
        # folder and takes them up again if they are there, so each enrolment has its own.
        ran = processes.run(
            [
                "scepclient", "-server-url", enrollment.url, "-challenge", enrollment.challenge,
                "-cn", enrollment.common_name, "-private-key", enrollment.key, "-certificate", enrollment.certificate,
            ],  # fmt: skip
            limit=commands.CLIENT_LIMIT,
            folder=enrollment.folder,
        )
        if ran.status == 0 and enrollment.certificate.exists():
            return Result(Outcome.ISSUED, ran.text)
        refused = ran.status is not None and "failInfo:" in ran.text
        return Result(Outcome.REFUSED if refused else Outcome.BROKEN, ran.text)


@dataclass
class Sceptic(Client):
    """Sceptic's own `sceptic enroll`."""

    name = "sceptic enroll"
    package = "this project"
    needs = "Nothing: its keys are RSA, since a CertRep is encrypted to the key of the request's signer."

    binary: Path | None = field(default=None)

    def version(self) -> str | None:
        if self.binary is None:
            return None
        # Its version is that of the tree it comes from, so the report does not repeat it.
        return "this version" if processes.run([self.binary, *commands.VERSION], limit=20).status == 0 else None

    def enrol(self, enrollment: Enrollment) -> Result:
        words = commands.filled(
            commands.ENROLL,
            url=enrollment.url,
            subject=f"CN={enrollment.common_name}",
            key=enrollment.key,
            certificate=enrollment.certificate,
        )
        ran = processes.run(
            [self.binary or "sceptic", *words],
            limit=commands.CLIENT_LIMIT,
            folder=enrollment.folder,
            standard_input=enrollment.challenge + "\n",
        )
        if ran.status == 0:
            return Result(Outcome.ISSUED, ran.text)
        refused = ran.status is not None and re.search(commands.ENROLL_REFUSED, ran.text)
        return Result(Outcome.REFUSED if refused else Outcome.BROKEN, ran.text)
