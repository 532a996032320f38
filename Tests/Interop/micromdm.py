# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""micromdm's scepclient."""

from __future__ import annotations

import shutil

import commands
import processes
from clients import Client, Outcome, Result, Task


class MicroMDM(Client):
    """micromdm's scepclient, as Debian has it."""

    name = "micromdm scepclient"
    package = "Debian scep"
    needs = (
        "A profile made with `--accept-legacy des`: it always sends single DES and SHA-1. Its encryptedContent is "
        "constructed, as BER allows, and it encrypts to every certificate of GetCACert."
    )

    # It does not poll: after 30 s it sends its request again. So the first answer PENDING is the time to decide.
    pending_answers = 1

    def version(self) -> str | None:
        if shutil.which("scepclient") is None:
            return None
        return processes.run(["scepclient", "-version"], limit=20).text.strip() or None

    def enrol(self, task: Task) -> Result:
        # This client takes the challenge from its command line only. It writes csr.pem and self.pem into the working
        # folder and takes them up again if they are there, so each enrolment has its own.
        challenge = [] if task.challenge is None else ["-challenge", task.challenge]
        ran = processes.run(
            [
                "scepclient", "-server-url", task.url, *challenge, "-cn", task.common_name,
                "-private-key", task.key, "-certificate", task.certificate,
            ],  # fmt: skip
            limit=commands.CLIENT_LIMIT,
            folder=task.folder,
        )
        if ran.status == 0 and task.certificate.exists():
            return Result(Outcome.ISSUED, ran.text)
        refused = ran.status is not None and "failInfo:" in ran.text
        return Result(Outcome.REFUSED if refused else Outcome.BROKEN, ran.text)

    def renew(self, task: Task) -> Result:
        # Where key and certificate are there already, it renews that certificate with the same key.
        assert task.old is not None
        shutil.copy(task.old.key, task.key)
        shutil.copy(task.old.certificate, task.certificate)
        return self.enrol(task)
