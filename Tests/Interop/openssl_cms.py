# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""An EC device made of OpenSSL commands: `openssl cms` encrypts its requests and opens the replies to them."""

from __future__ import annotations

import secrets
import time
import urllib.request
from pathlib import Path

import commands
import message
import processes
from clients import Client, Outcome, Result, Task, first_match, make_key, with_usage
from signed_message import SEQUENCE, element, names, signed_message

PKCS_REQ, RENEWAL_REQ, CERT_POLL = "19", "17", "20"
# Straight to loopback, whatever proxy the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    """A command of OpenSSL's did not do what was asked of it, or the reply was not the one to the request."""


class OpenSSLCMS(Client):
    """`openssl cms` with an EC key. Options: the curve, and "password" to encrypt requests under the challenge."""

    name = "openssl cms"
    package = "Debian openssl"
    needs = (
        "Nothing: it stands for an EC device, whose replies `openssl cms -decrypt -pwri_password` opens with the "
        "challenge. It encrypts to the RA certificate, or by `-pwri_password` under a challenge made with "
        "`--transaction-id`, on a profile made with `--password-recipients accepted`. What `openssl cms` cannot make, "
        "the signed attributes of a pkiMessage, `signed_message.py` makes, and `openssl dgst` signs them."
    )

    def version(self) -> str | None:
        return first_match(r"OpenSSL (\S+)", processes.run(["openssl", "version"], limit=20).text)

    def enrol(self, task: Task) -> Result:
        return self._ended(task, PKCS_REQ)

    def renew(self, task: Task) -> Result:
        return self._ended(task, RENEWAL_REQ)

    def _ended(self, task: Task, kind: str) -> Result:
        try:
            return self._request(task, kind)
        except (Failed, message.Unreadable, OSError) as problem:
            return Result(Outcome.BROKEN, f"{type(problem).__name__}: {problem}")

    def _request(self, task: Task, kind: str) -> Result:
        folder, challenge = task.folder, task.challenge or ""
        make_key(task.key, "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{task.options[0]}")
        configuration = task.secret_file(
            "request.cnf",
            f"[req]\nprompt = no\ndistinguished_name = name\nattributes = attributes\n[name]\nCN = {task.common_name}\n"
            f"[attributes]\nchallengePassword = {challenge}\n",
        )
        new = ["openssl", "req", "-new", "-config", configuration, "-key", task.key, "-outform", "DER"]
        _done(*new, "-out", folder / "request.der")
        _done(*new, "-x509", "-days", "1", "-out", folder / "self.der")
        signer, key = (folder / "self.der").read_bytes(), task.key
        if task.old is not None:
            _done("openssl", "x509", "-in", task.old.certificate, "-outform", "DER", "-out", folder / "old.der")
            signer, key = (folder / "old.der").read_bytes(), task.old.key
        issuer, agent = self._authorities(task)
        reply = self._exchange(task, kind, folder / "request.der", agent, signer, key)
        deadline = time.monotonic() + (commands.POLL_LIMIT if task.waits else 0)
        while reply.status == "PENDING" and time.monotonic() < deadline:
            time.sleep(1)
            # IssuerAndSubject: who is to issue, and to whom.
            asked = folder / "poll.der"
            asked.write_bytes(element(SEQUENCE, names(issuer)[2], names((folder / "self.der").read_bytes())[2]))
            reply = self._exchange(task, CERT_POLL, asked, agent, signer, key)
        if reply.status != "SUCCESS":
            outcome = Outcome.REFUSED if reply.status == "FAILURE" else Outcome.BROKEN
            return Result(outcome, f"pkiStatus {reply.status}")
        opened = folder / "opened.p7"
        _done(
            "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", folder / "enveloped", "-out", opened,
            "-pwri_password", challenge,
        )  # fmt: skip
        # The first certificate is the issued one; openssl x509 reads no more than that.
        _done("openssl", "pkcs7", "-inform", "DER", "-in", opened, "-print_certs", "-out", folder / "issued.pem")
        _done("openssl", "x509", "-in", folder / "issued.pem", "-out", task.certificate)
        return Result(Outcome.ISSUED, f"pkiStatus {reply.status}")

    def _authorities(self, task: Task) -> tuple[bytes, Path]:
        """The certificate of the CA, in DER, and the one to encrypt to."""
        folder = task.folder
        (folder / "ca.p7").write_bytes(_fetched(f"{task.url}?operation=GetCACert"))
        printed = _done("openssl", "pkcs7", "-inform", "DER", "-in", folder / "ca.p7", "-print_certs")
        agents: list[Path] = []
        for number, block in enumerate(printed.split("-----BEGIN CERTIFICATE-----")[1:]):
            path = folder / f"ca-{number}.pem"
            path.write_text(f"-----BEGIN CERTIFICATE-----{block.partition('-----END')[0]}-----END CERTIFICATE-----\n")
            agents.append(path)
        _done("openssl", "x509", "-in", task.intermediates, "-outform", "DER", "-out", folder / "issuer.der")
        return (folder / "issuer.der").read_bytes(), with_usage(agents, "Key Encipherment")

    def _exchange(
        self, task: Task, kind: str, content: Path, agent: Path, signer: bytes, key: Path
    ) -> message.Summary:
        """Sends one pkiMessage, and leaves what is enveloped in the reply in a file."""
        folder = task.folder
        under_challenge = "password" in task.options
        recipient: list[str | Path] = ["-pwri_password", task.challenge or ""] if under_challenge else [agent]
        _done(
            "openssl", "cms", "-encrypt", "-binary", "-aes128", "-outform", "DER", "-in", content,
            "-out", folder / "sent", *recipient,
        )  # fmt: skip
        nonce = secrets.token_bytes(16)
        sent = signed_message(kind, (folder / "sent").read_bytes(), task.transaction_id, nonce, signer, key, folder)
        received = folder / "received"
        received.write_bytes(_fetched(f"{task.url}?operation=PKIOperation", sent))
        # A FAILURE has no content; then openssl cms verifies the signature alone.
        _done(
            "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", received, "-out", folder / "enveloped",
            "-purpose", "any", "-CAfile", task.root, "-certfile", task.intermediates,
        )  # fmt: skip
        reply = message.summary(received.read_bytes())
        if reply.transaction_id != task.transaction_id or reply.attributes.get(message.RECIPIENT_NONCE) != nonce:
            raise Failed("transactionID and recipientNonce of the reply are not those of the request")
        return reply


def _done(*command: str | Path) -> str:
    ran = processes.run(command, limit=30)
    if ran.status != 0:
        raise Failed(f"openssl {command[1]}: {ran.text}")
    return ran.output


def _fetched(url: str, body: bytes | None = None) -> bytes:
    asked = urllib.request.Request(url, data=body, headers={"Content-Type": "application/x-pki-message"})
    with _opener.open(asked, timeout=commands.CLIENT_LIMIT) as answer:
        return answer.read(1 << 20)
