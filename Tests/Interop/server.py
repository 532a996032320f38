# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The SCEP server that the clients are run against: a sceptic of our own, or any other one by its URL."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import commands
import processes

PEM_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
# Straight to loopback, whatever proxy the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Unusable(Exception):
    """The server cannot be run against; the message is one sentence for the user."""


def fetch(url: str, *, limit: float) -> tuple[str, bytes]:
    """Returns the Content-Type and the body at a URL, or raises Unusable."""
    try:
        with _opener.open(url, timeout=limit) as answer:
            return answer.headers.get("Content-Type", ""), answer.read(1 << 20)
    except (urllib.error.URLError, OSError) as error:
        raise Unusable(f"{url} does not answer as expected: {error}.") from None


class Server:
    """A running SCEP server."""

    base: urllib.parse.SplitResult
    challenges: list[str]

    def __init__(self) -> None:
        self.challenges = []

    def path(self, profile: str) -> str:
        """The path and query of the profile's URL."""
        raise NotImplementedError

    def new_challenge(self, profile: str, transaction_id: str | None = None) -> str:
        """A fresh challenge for one enrolment with the profile, for this transactionID only if one is given."""
        challenge = self._make_challenge(profile, transaction_id)
        if not challenge:
            raise Unusable("the command that makes a challenge printed none.")
        self.challenges.append(challenge)
        return challenge

    def _make_challenge(self, profile: str, transaction_id: str | None) -> str:
        raise NotImplementedError

    def certificates(self) -> list[str]:
        """The CA certificates in PEM, the self-signed root first."""
        raise NotImplementedError


class LocalServer(Server):
    """A sceptic with a state folder of its own, on a free loopback port."""

    def __init__(self, binary: Path, folder: Path, profiles: Sequence[str]) -> None:
        super().__init__()
        self._binary, self._state, self.log = binary, folder / "state", folder / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.base = urllib.parse.urlsplit(f"http://{listen}")
        self._local(commands.INITIALISE, url=self.base.geturl())
        for profile in profiles:
            making = commands.PROFILES[profile]
            if making is not None:
                self._local(making)
        words = commands.filled(commands.SERVE, data=self._state, listen=listen)
        self._process: subprocess.Popen[bytes] = processes.start([binary, *words], log=self.log)
        self._wait()

    def _local(self, words: list[str], **values: object) -> str:
        command = commands.filled(words, data=self._state, **values)
        ran = processes.run([self._binary, *command], limit=commands.COMMAND_LIMIT)
        if ran.status != 0:
            raise Unusable(f"`sceptic {shlex.join(command)}` failed:\n{ran.text}")
        return ran.output

    def _wait(self) -> None:
        url = self.base.geturl() + commands.READY_PATH
        deadline = time.monotonic() + commands.START_LIMIT
        while True:
            if self._process.poll() is not None:
                raise Unusable(f"`sceptic serve` ended by itself:\n{self.log.read_text(errors='replace')}")
            try:
                fetch(url, limit=2)
                return
            except Unusable as reason:
                if time.monotonic() > deadline:
                    raise reason from None
            time.sleep(0.05)

    def path(self, profile: str) -> str:
        return commands.PROFILE_PATH.format(profile=profile)

    def _make_challenge(self, profile: str, transaction_id: str | None) -> str:
        words = [*commands.NEW_CHALLENGE, *(["--transaction-id", transaction_id] if transaction_id else [])]
        return self._local(words, profile=profile).partition("\n")[0].strip()

    def certificates(self) -> list[str]:
        return PEM_CERTIFICATE.findall(self._local(commands.SHOW_CA))

    def decide(self, transaction_id: str, *, approved: bool) -> None:
        """Approves or denies the request that waits with a transactionID."""
        # A renewal with the old key may have the transactionID of the enrolment, which was decided on before.
        waiting = json.loads(self._local(commands.PENDING))
        found = [each["id"] for each in waiting if each["transactionID"] == transaction_id]
        if len(found) != 1:
            raise Unusable(f"{len(found)} requests wait under the transactionID {transaction_id}.")
        self._local(commands.APPROVE if approved else commands.DENY, request=found[0])

    def revoke(self, serial_number: str) -> None:
        """Revokes a certificate, in hexadecimal."""
        self._local(commands.REVOKE, serial=serial_number)

    def prepare_rollover(self) -> None:
        """Gives the CA its next key, and waits until GetNextCACert tells of it, which takes a second."""
        self._local(commands.PREPARE_ROLLOVER)
        self._await_capability(True)

    def activate_rollover(self) -> None:
        """Lets the CA go over to its next key, and waits until the server has."""
        self._local(commands.ACTIVATE_ROLLOVER)
        self._await_capability(False)

    def _await_capability(self, there: bool) -> None:
        url = self.base._replace(path=self.path("default"), query="operation=GetCACaps").geturl()
        deadline = time.monotonic() + commands.START_LIMIT
        while (b"GetNextCACert" in fetch(url, limit=20)[1]) != there:
            if time.monotonic() > deadline:
                raise Unusable("the server's GetCACaps does not follow `sceptic ca rollover`.")
            time.sleep(0.1)

    def stop(self) -> str | None:
        """Stops the server; returns what was wrong with how it stopped."""
        status = processes.stop(self._process, limit=commands.STOP_LIMIT)
        if status is None:
            return f"it did not stop within {commands.STOP_LIMIT} s of SIGTERM"
        return None if status == 0 else f"its exit status was {status}"

    def leaks(self) -> list[str]:
        """The files of state and log in which one of the challenges stands, names relative to the folder."""
        needles = [form for each in self.challenges for form in (each.encode(), each.encode("utf-16-be"))]
        files = [self.log, *(path for path in sorted(self._state.rglob("*")) if path.is_file())]
        found = []
        for path in files:
            contents = path.read_bytes()
            if any(needle in contents for needle in needles):
                found.append(str(path.relative_to(self.log.parent)))
        return found


class RemoteServer(Server):
    """A server that somebody else runs; {profile} in its URL and command is filled in."""

    def __init__(self, url: str, challenge_command: str) -> None:
        super().__init__()
        self.base = urllib.parse.urlsplit(url)
        if self.base.scheme != "http" or not self.base.hostname:
            raise Unusable("--url takes an http URL: the harness looks at what passes.")
        self._command = challenge_command

    def path(self, profile: str) -> str:
        return self.base.path.replace("{profile}", profile)

    def _make_challenge(self, profile: str, transaction_id: str | None) -> str:
        command = [word.replace("{profile}", profile) for word in shlex.split(self._command)]
        ran = processes.run(command, limit=commands.COMMAND_LIMIT)
        if ran.status != 0:
            raise Unusable(f"the challenge command failed:\n{ran.text}")
        return ran.output.partition("\n")[0].strip()

    def certificates(self) -> list[str]:
        url = self.base._replace(path=self.path("default"), query="operation=GetCACert").geturl()
        kind, body = fetch(url, limit=20)
        tool = ["x509", "-inform", "DER"] if "x-x509-ca-cert" in kind else ["pkcs7", "-inform", "DER", "-print_certs"]
        printed = subprocess.run(["openssl", *tool], input=body, capture_output=True, timeout=20, check=False)
        found = PEM_CERTIFICATE.findall(printed.stdout.decode(errors="replace"))
        return sorted(found, key=lambda each: not _is_self_signed(each))


def _is_self_signed(certificate: str) -> bool:
    command = ["openssl", "x509", "-noout", "-subject", "-issuer", "-nameopt", "RFC2253"]
    names = processes.run(command, limit=20, standard_input=certificate).output.splitlines()
    return len({name.partition("=")[2] for name in names}) == 1
