#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Kills scripts/clean-root while debootstrap has something mounted: nothing may stay mounted below its folder, nor be seen there before."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Mounts in the root as debootstrap does, says so, and goes on for a while.
STAND_IN = """#!/bin/sh
mkdir -p "$3/proc"
mount -t tmpfs tmpfs "$3/proc"
echo "$3" >"$TOLD.new"
mv "$TOLD.new" "$TOLD"
exec sleep 20
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = pathlib.Path(folder, "told")
        program = pathlib.Path(folder, "bin/debootstrap")
        program.parent.mkdir()
        program.write_text(STAND_IN, encoding="utf-8")
        program.chmod(0o755)
        environment = os.environ | {
            "PATH": f"{program.parent}:{os.environ['PATH']}", "XDG_CACHE_HOME": folder, "TMPDIR": folder, "TOLD": str(told),
        }
        # In a namespace of its own: should it fail, nothing is mounted here either.
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'echo $$; "$0" "$1" & wait; cat /proc/self/mounts']
        script = subprocess.Popen(
            [*command, str(ROOT / "scripts/clean-root"), folder + "/root"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )
        assert script.stdout is not None
        shell = int(script.stdout.readline())
        for _ in range(100):
            if told.exists():
                break
            time.sleep(0.1)
        else:
            raise SystemExit("clean-root: debootstrap was not run")
        for child in pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="utf-8").split():
            os.kill(int(child), signal.SIGKILL)
        mounts = script.stdout.read()
        root = told.read_text(encoding="utf-8").strip()
        # What the stand-in runs in ends with its session.
        os.killpg(script.pid, signal.SIGKILL)
        if root in mounts:
            raise SystemExit(f"clean-root: after it was killed something is mounted below {root}")
        print("clean-root: nothing stays mounted when it is killed")


main()
