# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""PySCEP, by way of pyscep_client.py."""

from __future__ import annotations

from pathlib import Path

import commands
import processes
from clients import REPOSITORY, Client, Outcome, Result, Task


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

    def enrol(self, task: Task) -> Result:
        return self._run("enrol", task)

    def renew(self, task: Task) -> Result:
        return self._run("enrol", task)

    def get_certificate(self, task: Task) -> Result:
        return self._run("get-cert", task)

    def get_crl(self, task: Task) -> Result:
        return self._run("get-crl", task)

    def get_next_ca(self, task: Task) -> Result:
        return self._run("get-next-ca", task)

    def _run(self, operation: str, task: Task) -> Result:
        old = [] if task.old is None else ["--old-key", task.old.key, "--old-cert", task.old.certificate]
        ran = processes.run(
            [
                self._python, "-B", Path(__file__).with_name("pyscep_client.py"), operation, "--url", task.url,
                "--common-name", task.common_name, "--wait", str(commands.POLL_LIMIT if task.waits else 0), *old,
                "--key-out", task.key, "--cert-out", task.certificate, "--crl-out", task.crl,
            ],  # fmt: skip
            limit=commands.CLIENT_LIMIT,
            folder=task.folder,
            standard_input=f"{task.challenge or ''}\n",
        )
        outcome = {0: Outcome.ISSUED, 2: Outcome.REFUSED}.get(-1 if ran.status is None else ran.status, Outcome.BROKEN)
        return Result(outcome, ran.text)
