#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Has the real server speak with a stand-in for systemd: readiness, watchdog, the end, and sockets that are handed over.

service.py SCEPTIC
"""

import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

PATIENCE = 20.0


def fail(sentence: str) -> None:
    raise SystemExit(f"service: {sentence}")


def check(holds: bool, sentence: str) -> None:
    if not holds:
        fail(sentence)


class Manager:
    """The side of systemd: a datagram socket that hears what the server says."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(PATIENCE)

    def hears(self, variable: str) -> dict[str, str]:
        """The next message that has a variable; others before it are an error."""
        try:
            text = self.socket.recv(4096).decode()
        except TimeoutError:
            fail(f"nobody said {variable} on {self.name!r}")
        said = dict(line.split("=", 1) for line in text.splitlines())
        check(variable in said, f"{variable} was expected on {self.name!r}, and {text!r} came")
        return said


@contextlib.contextmanager
def serving(
    sceptic: str, arguments: list[str], variables: dict[str, str], handed: list[socket.socket] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A running server; its inherited sockets are descriptors 3, 4 and so on."""

    def prepare() -> None:
        if not handed:
            return
        # Out of the way first: a descriptor may stand where another one has to go.
        copies = [os.dup(each.fileno()) for each in handed]
        copies = [os.dup2(copy, 100 + index) for index, copy in enumerate(copies)]
        for index, copy in enumerate(copies):
            os.dup2(copy, 3 + index)

    command: list[str] = [sceptic, "serve", *arguments]
    environment = {"PATH": os.environ["PATH"], **variables}
    if handed:
        # Only the child knows its own number, which has to stand in its environment.
        command = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command]
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,  # noqa: PLW1509
        pass_fds=[3 + index for index in range(len(handed or []))],
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def listening(address: str = "127.0.0.1", family: int = socket.AF_INET) -> socket.socket:
    each = socket.socket(family)
    each.bind((address, 0))
    each.listen(16)
    return each


def tells_when_it_is_ready_alive_and_ending(sceptic: str, state: str, name: str) -> None:
    manager = Manager(name)
    variables = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000"}
    with serving(sceptic, ["--data", state, "--listen", "127.0.0.1:0"], variables) as process:
        said = manager.hears("READY")
        check(said["READY"] == "1", f"{said} does not say ready")
        check(said.get("STATUS", "").startswith("serving 1 profile"), f"{said} does not say what is served")
        moments = []
        for _ in range(3):
            manager.hears("WATCHDOG")
            moments.append(time.monotonic())
        check(moments[2] - moments[0] < 1.9, "the watchdog hears less often than twice an interval")
        # What is stopped lives no more, and must not say so: SIGSTOP stands for a process that hangs.
        process.send_signal(signal.SIGSTOP)
        manager.socket.settimeout(1.5)
        with contextlib.suppress(TimeoutError, socket.timeout):
            manager.socket.recv(4096)
            manager.socket.recv(4096)
            fail("a process that is stopped says that it lives")
        manager.socket.settimeout(PATIENCE)
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        while True:
            text = manager.socket.recv(4096).decode()
            if "STOPPING=1" in text:
                break
            check("WATCHDOG=1" in text, f"{text!r} came instead of STOPPING=1")
        _, errors = process.communicate(timeout=PATIENCE)
        check(process.returncode == 0, f"the server ended with {process.returncode}: {errors}")


def says_nothing_where_it_does_not_start(sceptic: str, folder: str) -> None:
    name = f"@sceptic-test-{os.getpid()}-none"
    manager = Manager(name)
    with serving(sceptic, ["--data", folder + "/none", "--listen", "127.0.0.1:0"], {"NOTIFY_SOCKET": name}) as process:
        check(process.wait(timeout=PATIENCE) == 78, "a server without a state ends otherwise than with 78")
    manager.socket.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        fail(f"it said {manager.socket.recv(4096)!r}")


def serves_on_sockets_that_are_handed_over(sceptic: str, state: str) -> None:
    scep, admin = listening(), listening()
    # Binding them again would fail: the server has to take the ones that are there.
    variables = {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "scep:admin"}
    with serving(sceptic, ["--data", state], variables, [scep, admin]) as process:
        ports = [each.getsockname()[1] for each in (scep, admin)]
        check(get(ports[0], "/readyz") == 200, "the socket 'scep' does not answer")
        check(get(ports[0], "/scep?operation=GetCACaps") == 200, "the socket 'scep' does not speak SCEP")
        check(get(ports[0], "/metrics") == 404, "the socket 'scep' tells the metrics")
        check(get(ports[1], "/metrics") == 200, "the socket 'admin' does not tell the metrics")
        check(get(ports[1], "/scep?operation=GetCACaps") == 404, "the socket 'admin' speaks SCEP")
        code, errors = ended(process)
        check(code == 0, f"the server ended with {code}: {errors}")


def refuses_sockets_that_are_not_what_they_are_called(sceptic: str, state: str) -> None:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(f"\0sceptic-test-{os.getpid()}")
    unix.listen(1)
    cases: list[tuple[str, list[socket.socket], str]] = [
        ("http", [listening()], "none of: scep, scep-tls, admin"),
        ("", [listening()], "none of: scep, scep-tls, admin"),
        ("scep-tls", [listening()], "needs --tls-certificate and --tls-key"),
        ("admin", [listening("0.0.0.0")], "loopback only"),
        ("admin", [listening("::", socket.AF_INET6)], "loopback only"),
        ("scep", [bound], "no listening TCP socket"),
        ("scep", [unix], "no listening TCP socket"),
    ]
    for name, handed, sentence in cases:
        variables = {"LISTEN_FDS": str(len(handed)), "LISTEN_FDNAMES": name}
        with serving(sceptic, ["--data", state], variables, handed) as process:
            _, errors = process.communicate(timeout=PATIENCE)
            check(process.returncode == 64, f"{name!r} ended with {process.returncode}: {errors}")
            check(sentence in errors, f"{name!r} said {errors!r}")


def main() -> None:
    sceptic = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        state = folder + "/state"
        made = [sceptic, "init", "--data", state, "--name", "Service", "--public-url", "http://127.0.0.1:8080"]
        subprocess.run(made, check=True, capture_output=True, timeout=60)
        names = [folder + "/notify", f"@sceptic-test-{os.getpid()}"]
        tests: list[Callable[[], None]] = [
            *[lambda name=name: tells_when_it_is_ready_alive_and_ending(sceptic, state, name) for name in names],
            lambda: says_nothing_where_it_does_not_start(sceptic, folder),
            lambda: serves_on_sockets_that_are_handed_over(sceptic, state),
            lambda: refuses_sockets_that_are_not_what_they_are_called(sceptic, state),
        ]
        for test in tests:
            test()
    print(f"service: {len(tests)} conversations with systemd's stand-in are in order")


main()
