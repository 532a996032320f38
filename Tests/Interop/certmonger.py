# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""certmonger and its helper scep-submit."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from pathlib import Path

import commands
import processes
from clients import Client, Outcome, Result, Task, first_match


class Certmonger(Client):
    """certmonger, which builds the message and lets its helper scep-submit carry it.

    The daemon runs for one request or renewal, on a private socket, with all its state in the folder of the enrolment:
    it needs neither D-Bus nor root. Options: "same key" for a renewal with it; "started again" for a daemon that is not
    told to ask about what waits, but ended and started again.
    """

    name = "certmonger scep-submit"
    package = "Debian certmonger"
    needs = (
        "PKIOperation by GET with request lines of several kilobytes, whatever GetCACaps says; FAILURE with an empty "
        "eContent rather than none; the self-signed root for `-N`, which the harness takes from `sceptic ca show`. "
        "While a request waits it asks again, by sending the same PKCSReq, at `getcert refresh` and when the daemon "
        "starts; left alone it did not within 20 minutes."
    )
    _daemon = "/usr/sbin/certmonger"
    _helper = "/usr/lib/certmonger/scep-submit"
    # How it says badRequest.
    _not_permitted = "ca-error: Transaction either is not permitted or is not supported by server."
    # The states in which it does nothing more for now.
    _ended = "status: (MONITORING|CA_REJECTED|CA_UNREACHABLE|NEED_GUIDANCE)"
    # How long a daemon that is started again is left alone: it asks in its first second.
    _alone = 5
    _places = ("CONFIG_DIR", "REQUESTS_DIR", "CAS_DIR", "LOCAL_CA_DIR", "TMPDIR")

    def version(self) -> str | None:
        if not Path(self._daemon).exists() or shutil.which("getcert") is None:
            return None
        return first_match(r"certmonger (\S+)", processes.run([self._daemon, "-v"], limit=20).text)

    def enrol(self, task: Task) -> Result:
        state = self._state(task)
        for name in ("", *self._places):
            (state / name.lower()).mkdir()
        for question in ("-c", "-C"):
            asked = processes.run([self._helper, "-u", task.url, question], limit=commands.CLIENT_LIMIT)
            if asked.status != 0:
                return Result(Outcome.BROKEN, asked.text)
        challenge = ["-l", task.challenge_file(task.challenge or "")]
        certificates = ["-N", task.root]
        if task.intermediates.stat().st_size:
            certificates += ["-I", task.intermediates]
        return self._run(
            task,
            ["getcert", "add-scep-ca", "-c", "interop", "-u", task.url, *certificates],
            [
                "getcert", "request", "-c", "interop", "-I", "device", "-N", f"CN={task.common_name}", *challenge,
                "-k", state / "key.pem", "-f", state / "certificate.pem",
            ],
        )  # fmt: skip

    def renew(self, task: Task) -> Result:
        return self._run(task, ["getcert", "resubmit" if "same key" in task.options else "rekey", "-i", "device"])

    @staticmethod
    def _state(task: Task) -> Path:
        # A renewal goes on with the state of the enrolment; what it gets takes the place of what was there.
        return task.first.folder / "state"

    def _run(self, task: Task, *steps: list[str | Path]) -> Result:
        """Runs the daemon for some steps, until it has a certificate or gives up."""
        folder = self._state(task)
        environment = {"HOME": str(folder), "CERTMONGER_SYSTEM_LOCK_FILE": str(folder / "lock")}
        environment |= {f"CERTMONGER_{name}": str(folder / name.lower()) for name in self._places}
        starts_again = task.waits and "started again" in task.options
        ask_again = "getcert refresh -i device" if task.waits and not starts_again else ""
        script = folder / "steps"
        deadline = time.monotonic() + commands.POLL_LIMIT
        while True:
            script.write_text(
                "".join(shlex.join(map(str, step)) + "\n" for step in steps)
                + f"for second in $(seq {self._alone if starts_again else commands.POLL_LIMIT}); do\n"
                + "    sleep 1; getcert list >listed\n"
                + f"    if grep -qE '{self._ended}' listed; then break; fi\n"
                + f"    {ask_again}\n"
                + "done\ncat listed\n"
            )
            ran = processes.run(
                [self._daemon, "-L", "-P", folder / "socket", "-n", "-c", f"/bin/sh {script}"],
                limit=commands.CLIENT_LIMIT,
                folder=folder,
                environment=environment,
            )
            if not starts_again or re.search(self._ended, ran.text) or time.monotonic() > deadline:
                break
            steps = ()
        # A refused renewal leaves it monitoring the certificate that it has, with the CA's error beside it.
        monitoring, error = "status: MONITORING" in ran.text, "ca-error:" in ran.text
        if ran.status == 0 and monitoring and not error and (folder / "certificate.pem").exists():
            shutil.copy(folder / "key.pem", task.key)
            shutil.copy(folder / "certificate.pem", task.certificate)
            return Result(Outcome.ISSUED, ran.text)
        refused = "status: CA_REJECTED" in ran.text or (monitoring and self._not_permitted in ran.text)
        return Result(Outcome.REFUSED if refused else Outcome.BROKEN, ran.text)
