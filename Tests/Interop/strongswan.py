# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""strongSwan's `pki --scepca` and `pki --scep`."""

from __future__ import annotations

import shutil
from pathlib import Path

import commands
import processes
from clients import Client, Outcome, Result, Task, first_match, make_key, with_usage


class StrongSwan(Client):
    """strongSwan's `pki --scepca`, then `pki --scep`. Options: those of `pki --scep`."""

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
        return first_match(r"strongSwan (\S+) PKI tool", processes.run(["pki", "--help"], limit=20).text)

    def enrol(self, task: Task) -> Result:
        return self._scep(task, [])

    def renew(self, task: Task) -> Result:
        assert task.old is not None
        return self._scep(task, ["--cert", task.old.certificate, "--key", task.old.key])

    def _scep(self, task: Task, old: list[str | Path]) -> Result:
        folder = task.folder
        configuration = folder / "strongswan.conf"
        configuration.write_text(f"pki {{\n  load = {self._plugins}\n}}\n")
        environment = {"STRONGSWAN_CONF": str(configuration)}
        fetched = processes.run(
            ["pki", "--scepca", "--url", task.url, "--caout", "ca.pem", "--raout", "ra.pem", "--outform", "pem"],
            limit=commands.CLIENT_LIMIT,
            folder=folder,
            environment=environment,
        )
        # It writes ca.pem, ca-1.pem …, and ra.pem, ra-1.pem …, in the order of the answer.
        authorities, agents = (sorted(folder.glob(f"{each}*.pem"), key=_position) for each in ("ca", "ra"))
        if fetched.status != 0 or not authorities:
            return Result(Outcome.BROKEN, fetched.text)
        speakers = agents or authorities
        make_key(task.key)
        if task.challenge is not None:
            old = [*old, "--options", task.challenge_file(f"--password {task.challenge}\n")]
        if task.waits:
            old = [*old, "--interval", "1", "--maxpolltime", str(commands.POLL_LIMIT)]
        got = processes.run(
            [
                "pki", "--scep", "--url", task.url, "--in", task.key, "--dn", f"CN={task.common_name}",
                "--cacert-enc", with_usage(speakers, "Key Encipherment"),
                "--cacert-sig", with_usage(speakers, "Digital Signature"),
                *(word for each in authorities for word in ("--cacert", str(each))),
                *task.options, *old, "--outform", "pem",
            ],  # fmt: skip
            limit=commands.CLIENT_LIMIT,
            folder=folder,
            environment=environment,
        )
        if got.status == 0 and "BEGIN CERTIFICATE" in got.output:
            task.certificate.write_text(got.output)
            return Result(Outcome.ISSUED, got.errors)
        refused = got.status is not None and "failInfo:" in got.text
        return Result(Outcome.REFUSED if refused else Outcome.BROKEN, got.text)


def _position(path: Path) -> int:
    return int(first_match(r"-(\d+)$", path.stem) or 0)
