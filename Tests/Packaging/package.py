#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""What scripts/deb-test does in a root where the Debian package was just installed.

package.py snapshot ROOT FILE
package.py test ROOT SNAPSHOT INSTALL-LOG FIXTURES
"""

import contextlib
import fcntl
import http.client
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

UNIT = "lib/systemd/system/sceptic.service"
STATE = "var/lib/sceptic"
SETTINGS = "etc/sceptic/sceptic.env"
# What dpkg, apt, ldconfig and adduser keep for themselves, and what scripts/in-root puts there.
BOOKS = re.compile(
    r"(var/(lib/(dpkg|apt|pam)|cache|log|backups)|etc/(ld\.so\.cache|(passwd|group|shadow|gshadow|subuid|subgid)-?|\.pwd\.lock)"
    r"|tmp|root|run|proc|dev|sys)(/|$)|package\.deb$|usr/sbin/policy-rc\.d$"
)


def check(holds: bool, sentence: str) -> None:
    if not holds:
        raise SystemExit(f"package: {sentence}")


def snapshot(root: pathlib.Path) -> set[str]:
    paths = set()
    for folder, folders, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if inside != "." or name not in ("proc", "dev", "sys")]
        paths |= {os.path.normpath(os.path.join(inside, name)) for name in [*folders, *files]}
    return paths


class Root:
    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def command(self, *arguments: str, user: str | None = None, variables: dict[str, str] | None = None) -> list[str]:
        """A command in the root; as somebody, with no more rights than the unit gives."""
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **(variables or {})}
        rights = ["--no-new-privs", "--bounding-set=-all"]
        identity = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *rights, "--"] if user else []
        words = [f"{name}={value}" for name, value in settings.items()]
        return ["chroot", str(self.path), "env", "-i", *words, *identity, *arguments]

    def run(self, *arguments: str, user: str | None = None, given: str = "", expected: int = 0) -> str:
        command = self.command(*arguments, user=user)
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
        check(done.returncode == expected, f"{shlex.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def identity(self) -> tuple[int, int]:
        for line in (self.path / "etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == "sceptic":
                check(fields[6] == "/usr/sbin/nologin", f"the user can log in: {line}")
                return int(fields[2]), int(fields[3])
        raise SystemExit("package: there is no user sceptic")


class Unit:
    """The part of the unit that says how the process runs."""

    def __init__(self, root: pathlib.Path) -> None:
        self.lines = [line.split("=", 1) for line in (root / UNIT).read_text().splitlines() if re.match(r"\w+=", line)]
        self.root = root

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key == name]

    def one(self, name: str) -> str:
        found = self.all(name)
        check(len(found) == 1, f"the unit has {len(found)} lines {name}=")
        return found[0]

    def arguments(self) -> list[str]:
        """ExecStart with its variables put in, as systemd does it: a whole word $NAME is split at blanks."""
        variables: dict[str, str] = {}
        for text in self.all("Environment"):
            variables |= dict(word.split("=", 1) for word in shlex.split(text))
        file = self.root / self.one("EnvironmentFile").lstrip("-/")
        variables |= dict(word.split("=", 1) for word in shlex.split(file.read_text(), comments=True))
        words: list[str] = []
        for word in shlex.split(self.one("ExecStart")):
            words += shlex.split(variables.get(word[1:], "")) if word.startswith("$") else [word]
        return words

    def may_start(self) -> bool:
        """ConditionPathExistsGlob with a bar: one of them is enough."""
        return any((self.root / path.lstrip("|/")).exists() for path in self.all("ConditionPathExistsGlob"))


@contextlib.contextmanager
def serving(root: Root, data: str | None = None) -> Iterator[int]:
    """The server as its unit starts it; gives the port of its first listener."""
    unit = Unit(root.path)
    arguments = unit.arguments()
    if data:
        arguments[arguments.index("--data") + 1] = data
    check(unit.one("Type") == "notify", "the unit does not wait for READY=1")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = f"sceptic-package-{time.monotonic_ns()}"
    manager.bind("\0" + name)
    manager.settimeout(30)
    command = root.command(*arguments, user=unit.one("User"), variables={"NOTIFY_SOCKET": "@" + name})
    # Root of a container may have fewer files than the unit asks for.
    limit = min(int(unit.one("LimitNOFILE")), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    mask = int(unit.one("UMask"), 8)
    command = ["prlimit", f"--nofile={limit}", "--core=0", *command]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, umask=mask)
    try:
        try:
            said = manager.recv(4096).decode()
        except TimeoutError:
            server.kill()
            raise SystemExit(f"package: the server does not start: {server.communicate()}") from None
        check("READY=1" in said, f"the server said {said!r}")
        port = int(arguments[arguments.index("--listen") + 1].rsplit(":", 1)[1])
        yield port
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=60)
        check(server.returncode == 0, f"the server ended with {server.returncode}: {errors}")
    finally:
        if server.poll() is None:
            server.kill()
            server.communicate()
        manager.close()


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def enrol(root: Root, port: int, name: str, challenge: str | None = None, data: str = "/" + STATE) -> None:
    code = challenge or root.run("sceptic", "challenge", "new", "--data", data, user="sceptic")
    files = ["--key-out", f"/tmp/{name}.key", "--cert-out", f"/tmp/{name}.pem"]
    url = f"http://127.0.0.1:{port}/scep"
    root.run("sceptic", "enroll", "--url", url, "--challenge-file", "-", "--subject", f"CN={name}", *files, user="sceptic", given=code)
    listed = root.run("sceptic", "certificate", "list", "--data", data, user="sceptic")
    check(f"CN={name}" in listed, f"CN={name} is not listed: {listed}")


def installed(root: Root, log: str) -> None:
    user, group = root.identity()
    about = (root.path / STATE).stat()
    mode = stat.S_IMODE(about.st_mode)
    check((about.st_uid, about.st_gid, mode) == (user, group, 0o700), f"/{STATE} is {about.st_uid}:{about.st_gid} {mode:o}")
    check(not list((root.path / STATE).iterdir()), f"/{STATE} is not empty")
    check("no server was started" in log, f"the installation does not say what to do next: {log}")
    check(not Unit(root.path).may_start(), "the unit would start without a state")
    check("sceptic" in root.run("sceptic", "version"), "sceptic version says something else")
    for path in ("man/man1/sceptic.1.gz", "man/man1/sceptic-serve.1.gz", "bash-completion/completions/sceptic",
                 "zsh/vendor-completions/_sceptic", "fish/vendor_completions.d/sceptic.fish", "doc/sceptic/sbom.cdx.json"):
        # A minimal root may leave documents out.
        owned = root.run("dpkg", "-L", "sceptic")
        check("/usr/share/" + path in owned, f"/usr/share/{path} is not in the package")


def served_and_upgraded(root: Root) -> None:
    data = "/" + STATE
    root.run("sceptic", "init", "--data", data, "--name", "Package", "--public-url", "http://127.0.0.1:8080", user="sceptic")
    check(Unit(root.path).may_start(), "the unit does not start with a state")
    settings = root.path / SETTINGS
    with serving(root) as port:
        check(status(port, "/readyz") == 200, "the server is not ready")
        check("ready" in root.run("sceptic", "health", user="sceptic"), "sceptic health does not see that")
        enrol(root, port, "first")
        # An administrator changes the settings, and the package comes again while the server runs.
        settings.write_text(settings.read_text().replace(f":{port} ", f":{port + 1} "))
        root.run("dpkg", "-i", "/package.deb")
        check(status(port, "/readyz") == 200, "the server does not survive the upgrade")
        enrol(root, port, "second")
    with serving(root) as port:
        check(port == 8081, f"the administrator's settings are lost: port {port}")
        check(status(port, "/readyz") == 200, "the upgraded server is not ready")
        enrol(root, port, "third")
        listed = root.run("sceptic", "certificate", "list", "--data", data, user="sceptic")
        check(all(f"CN={name}" in listed for name in ("first", "second", "third")), f"certificates are lost: {listed}")
    for path in (root.path / STATE).iterdir():
        check(stat.S_IMODE(path.stat().st_mode) == 0o600, f"others may read {path.name}")


def opens_states_of_the_past(root: Root, fixtures: pathlib.Path) -> None:
    user, group = root.identity()
    folders = sorted(folder for folder in fixtures.iterdir() if (folder / "state.sql").exists())
    check(bool(folders), "there are no fixtures")
    for fixture in folders:
        data = root.path / "tmp" / fixture.name
        data.mkdir(mode=0o700)
        shutil.copy(fixture / "master.key", data)
        with contextlib.closing(sqlite3.connect(data / "sceptic.sqlite")) as database:
            database.executescript((fixture / "state.sql").read_text(encoding="utf-8"))
        for path in (data, *data.iterdir()):
            os.chown(path, user, group)
            path.chmod(0o700 if path.is_dir() else 0o600)
        code = re.search(r"^    (\S+)$", (fixture / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
        check(code is not None, f"{fixture.name} tells no challenge")
        assert code is not None
        inside = f"/tmp/{fixture.name}"
        with serving(root, inside) as port:
            listed = root.run("sceptic", "certificate", "list", "--data", inside, user="sceptic")
            check("CN=fixture-1" in listed, f"{fixture.name} lacks its certificates: {listed}")
            enrol(root, port, f"new-{fixture.name}", code.group(1), inside)


def residue(root: Root, before: set[str]) -> set[str]:
    """What is there now, was not there before, and belongs to no package."""
    owned = {os.path.normpath(line.strip().lstrip("/")) for line in root.run("sh", "-c", "cat /var/lib/dpkg/info/*.list").splitlines()}
    # Where /lib is a link, packages own the path by which they know it.
    owned |= {"usr/" + path for path in owned if path.startswith(("lib", "bin", "sbin"))}
    return {path for path in snapshot(root.path) - before - owned if not BOOKS.match(path)}


def removed_and_purged(root: Root, before: set[str]) -> None:
    kept = {f"{STATE}/{path.name}": path.read_bytes() for path in (root.path / STATE).iterdir()}
    root.run("dpkg", "-r", "sceptic")
    check(not (root.path / "usr/bin/sceptic").exists(), "the program is still there")
    check((root.path / SETTINGS).exists(), "removing deletes the settings, which only purging should")
    said = root.run("dpkg", "-P", "sceptic")
    check(f"/{STATE}" in said and "left alone" in said, f"purging does not say what it leaves: {said}")
    check(not (root.path / "etc/sceptic").exists(), "the settings are still there")
    for path, content in kept.items():
        check((root.path / path).read_bytes() == content, f"/{path} is not what it was")
    left = residue(root, before) - kept.keys() - {STATE}
    check(not left, f"there is residue: {sorted(left)}")
    # Where nothing was ever served, nothing stays.
    shutil.rmtree(root.path / STATE)
    root.run("dpkg", "-i", "/package.deb")
    root.run("dpkg", "-P", "sceptic")
    left = residue(root, before)
    check(not left, f"without a state there is residue: {sorted(left)}")
    check("\nsceptic:" not in (root.path / "etc/passwd").read_text(), "the user is still there")


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCSIFFLAGS with IFF_UP: a new network namespace has its loopback down.
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))


def main() -> None:
    root = Root(pathlib.Path(sys.argv[2]))
    if sys.argv[1] == "snapshot":
        pathlib.Path(sys.argv[3]).write_text("\n".join(sorted(snapshot(root.path))), encoding="utf-8")
        return
    before = set(pathlib.Path(sys.argv[3]).read_text(encoding="utf-8").splitlines())
    raise_loopback()
    installed(root, pathlib.Path(sys.argv[4]).read_text(encoding="utf-8"))
    served_and_upgraded(root)
    opens_states_of_the_past(root, pathlib.Path(sys.argv[5]))
    removed_and_purged(root, before)
    print("package: installed, served by its unit's command line, upgraded, opened older states, removed and purged")


main()
