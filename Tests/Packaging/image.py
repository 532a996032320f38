#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Runs the container image, unpacked, by chroot: version, init, serve, health, and what the image says of itself.

image.py FOLDER CONFIGURATION
"""

import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
USER = 10001


def check(holds: bool, sentence: str) -> None:
    if not holds:
        raise SystemExit(f"image: {sentence}")


def command(words: list[str], variables: dict[str, str]) -> list[str]:
    settings = [f"{name}={value}" for name, value in variables.items()]
    # Neither program is in the image.
    return ["/usr/bin/env", "-i", *settings, "/usr/sbin/chroot", f"--userspec={USER}:{USER}", "--groups=", str(root), *words]


def run(words: list[str], variables: dict[str, str], expected: int = 0) -> str:
    done = subprocess.run(command(words, variables), capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == expected, f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCSIFFLAGS with IFF_UP: a new network namespace has its loopback down.
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
    image = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))["Docker"]["config"]
    check(image["User"] == f"{USER}:{USER}", f"it runs as {image['User']}")
    check(list(image["Volumes"]) == ["/var/lib/sceptic"], f"its volumes are {image['Volumes']}")
    health = image["Healthcheck"]["Test"]
    check(health[0] == "CMD", f"its health check needs a shell: {health}")
    entry, arguments = image["Entrypoint"], image["Cmd"]
    variables = dict(word.split("=", 1) for word in image["Env"])
    about = (root / "var/lib/sceptic").stat()
    check((about.st_uid, about.st_mode & 0o777) == (USER, 0o700), "the volume is not the user's alone")
    programs = [name for folder in ("usr/bin", "usr/sbin") for name in os.listdir(root / folder)]
    check(programs == ["sceptic"], f"there are other programs in it: {programs}")
    special = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000]
    check(not special, f"there are setuid files: {special}")
    check(run(["sceptic", "version"], variables).startswith("sceptic "), "it does not tell its version")
    run([*health[1:]], variables, expected=70)
    run([*entry, "init", "--name", "Image", "--public-url", "http://127.0.0.1:8080"], variables)
    server = subprocess.Popen(command([*entry, *arguments], variables), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(2)]
        check(all("listening on" in line for line in lines), f"it said {lines}")
        check(run([*health[1:]], variables) == "ready\n", "it is not healthy")
        code = run([*entry, "challenge", "new"], variables)
        (root / "tmp/code").write_text(code, encoding="utf-8")
        files = ["--key-out", "/tmp/key.pem", "--cert-out", "/tmp/certificate.pem"]
        url = "http://127.0.0.1:8080/scep"
        run([*entry, "enroll", "--url", url, "--challenge-file", "/tmp/code", "--subject", "CN=image", *files], variables)
        server.send_signal(signal.SIGTERM)
        check(server.wait(timeout=60) == 0, f"it ended with {server.returncode}")
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    print("image: built, and served from its own root")


main()
