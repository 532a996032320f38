# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""A private PostgreSQL in a folder: one role, one database, loopback only, durable; started and stopped by its process.

The folder keeps the port and the passwords, so that the URL stays the same for as long as the folder lives. What holds
a password is readable by its owner alone, and no password is ever a process's argument or environment.
"""

from __future__ import annotations

import csv
import fcntl
import getpass
import io
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Where Debian puts the programs of each version.
PROGRAMS = "/usr/lib/postgresql/*/bin"
ROLE = DATABASE = "sceptic"
SUPERUSER = "postgres"
# Below the ports that the kernel gives to outgoing connections, so that a server that was stopped finds its own free.
PORTS = range(20_000, 32_000)
# Durable, whatever the machine's defaults; and without a socket file, whose path may be 107 bytes long at most.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
lc_messages = 'C'
"""

# Seconds: for initdb or a statement; for the server to be ready; for it to stop, before it is told more firmly.
COMMAND_LIMIT = 120
START_LIMIT = 60
STOP_LIMIT = 30


class Unusable(Exception):
    """There is no PostgreSQL to be had; the message is for the user."""


def programs() -> Path:
    """The folder with the newest PostgreSQL's programs."""
    found = [path for path in Path("/").glob(PROGRAMS[1:]) if (path / "initdb").exists() and (path / "psql").exists()]
    if not found:
        raise Unusable("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql).")
    return max(found, key=lambda path: [int(digits) for digits in re.findall(r"\d+", path.parent.name)])


def server_user() -> pwd.struct_passwd | None:
    """Who the server runs as where this process may not run it itself: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unusable("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody.")


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, all of it or nothing."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    partial.rename(path)


class PrivatePostgres:
    """The server in a folder, whether it runs or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.data, self.log = self.folder / "data", self.folder / "server.log"
        self.url_file = self.folder / "url"
        self._user = server_user()
        self._programs = programs()
        # Kept, so that its end is noticed when this process is its parent.
        self._process: subprocess.Popen[bytes] | None = None

    # MARK: what there is

    @property
    def url(self) -> str:
        """The URL of the database, password included."""
        return self.url_file.read_text().strip()

    @property
    def version(self) -> str:
        """Its version, such as 15."""
        return (self.data / "PG_VERSION").read_text().strip()

    @property
    def port(self) -> int:
        """Where it listens, or would listen."""
        return int((self.folder / "port").read_text())

    def process_id(self) -> int | None:
        """The server's process; None when it does not run, even if it left a file that says so."""
        lines = self._process_file()
        if not lines or not lines[0].isdigit():
            return None
        number = int(lines[0])
        # The number may be another process's by now.
        return number if self._is_ours(number) else None

    def cpu_seconds(self) -> float:
        """The CPU time that its processes took so far, those that have ended included."""
        number = self.process_id()
        if number is None:
            raise Unusable(f"No PostgreSQL runs in {self.folder}.")
        ticks = 0
        for process, fields in _family(number):
            # utime and stime; the server's own line also has those of the children that it saw end.
            ticks += sum(map(int, fields[11:15] if process == number else fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    # MARK: start and stop

    def start(self) -> None:
        """Makes it if it is new, and starts it unless it runs; returns when it takes connections."""
        self._make_folder()
        with self._alone():
            if not self.url_file.exists():
                self._initialise()
            elif self.process_id() is None:
                self._start()
            self._await_ready()

    def stop(self, mode: str = "fast") -> None:
        """Stops it if it runs: fast ends what is open, immediate leaves it to the recovery at the next start."""
        if not self.folder.exists():
            return
        with self._alone():
            number = self.process_id()
            if number is None:
                return
            self._signal_all(number, signal.SIGCONT)
            self._signal(number, signal.SIGQUIT if mode == "immediate" else signal.SIGINT)
            if not self._ends(number, STOP_LIMIT):
                self._signal(number, signal.SIGQUIT)
                if not self._ends(number, STOP_LIMIT):
                    self._signal(number, signal.SIGKILL)
                    self._ends(number, STOP_LIMIT)

    def kill(self) -> None:
        """Kills the server's first process, as the kernel does when memory runs out."""
        with self._alone():
            number = self.process_id()
            if number is not None:
                self._signal_all(number, signal.SIGCONT)
                self._signal(number, signal.SIGKILL)
                self._ends(number, STOP_LIMIT)

    def freeze(self) -> None:
        """Stops all its processes in their tracks: connections stay, and nothing answers."""
        number = self.process_id()
        if number is not None:
            self._signal_all(number, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets them go on."""
        number = self.process_id()
        if number is not None:
            self._signal_all(number, signal.SIGCONT)

    # MARK: statements

    def query(self, statement: str, *, superuser: bool = False) -> list[list[str]]:
        """Runs statements and returns their rows as text."""
        command = [self._programs / "psql", "-X", "--quiet", "--csv", "--tuples-only", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", "127.0.0.1", "-p", str(self.port), "-w"]
        command += ["-U", SUPERUSER if superuser else ROLE, "-d", DATABASE if self.url_file.exists() else "postgres"]
        environment = {**self._environment(), "PGPASSFILE": str(self.folder / "passwords")}
        ran = subprocess.run(
            [str(word) for word in command],
            input=statement,
            capture_output=True,
            text=True,
            env=environment,
            timeout=COMMAND_LIMIT,
            check=False,
        )
        if ran.returncode != 0:
            raise Unusable(f"psql failed: {ran.stderr.strip()}")
        return list(csv.reader(io.StringIO(ran.stdout)))

    # MARK: inside

    def _make_folder(self) -> None:
        # The server has to get through to its own folder in it; the files beside it are for their owner alone.
        mode = 0o700 if self._user is None else 0o711
        self.folder.mkdir(mode=mode, parents=True, exist_ok=True)
        self.folder.chmod(mode)
        if self._user is None:
            return
        for above in self.folder.parents:
            if not self._may_enter(above):
                raise Unusable(
                    f"PostgreSQL runs as the user {self._user.pw_name}, who can't enter {above}; "
                    "use a folder elsewhere, or run this as another user than root."
                )

    def _may_enter(self, folder: Path) -> bool:
        assert self._user is not None
        status = folder.stat()
        if status.st_uid == self._user.pw_uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self._user.pw_gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps others from starting and stopping the same server meanwhile."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        """Makes the server's files anew, with a role that owns one database and nothing else."""
        if self.process_id() is not None:
            self._signal(int(self._process_file()[0]), signal.SIGQUIT)
        for path in (self.data, self.folder / "initial"):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        password, super_password = secrets.token_hex(16), secrets.token_hex(16)
        port = _free_port()
        (self.folder / "port").write_text(f"{port}\n")
        lines = [f"127.0.0.1:{port}:*:{who}:{word}\n" for who, word in ((SUPERUSER, super_password), (ROLE, password))]
        write_secret(self.folder / "passwords", "".join(lines))
        self.data.mkdir(mode=0o700)
        write_secret(self.folder / "initial", super_password + "\n")
        if self._user is not None:
            os.chown(self.data, self._user.pw_uid, self._user.pw_gid)
            os.chown(self.folder / "initial", self._user.pw_uid, self._user.pw_gid)
        command = ["initdb", "-D", self.data, "-U", SUPERUSER, f"--pwfile={self.folder / 'initial'}"]
        self._run([*command, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--data-checksums"])
        (self.folder / "initial").unlink()
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write(SETTINGS)
        self._start()
        self._await_ready()
        # The password goes in as text of a statement that the server does not log.
        self.query(
            f"SET log_min_error_statement = 'panic'; CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'",
            superuser=True,
        )
        self.query(f"CREATE DATABASE {DATABASE} OWNER {ROLE}", superuser=True)
        # Written last: it says that everything before it is done.
        write_secret(self.url_file, f"postgres://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}\n")

    def _start(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while True:
            with self.log.open("ab") as log:
                began = log.tell()
                self._process = subprocess.Popen(
                    [self._programs / "postgres", "-D", self.data, "-p", str(self.port)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment(),
                    cwd="/",
                    start_new_session=True,
                    **self._identity(),
                )
            while self._process.poll() is None and time.monotonic() < deadline:
                if self._is_ready():
                    return
                time.sleep(0.02)
            # After kill -9 the old server's children keep the shared memory for a moment.
            said = self.log.read_bytes()[began:].decode(errors="replace")
            if "still in use" not in said and "already exists" not in said or time.monotonic() > deadline:
                raise Unusable(f"PostgreSQL does not start in {self.folder}:\n{said.strip()}")
            time.sleep(0.2)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise Unusable(f"PostgreSQL is not ready after {START_LIMIT} s; see {self.log}.")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        lines = self._process_file()
        return len(lines) > 7 and lines[7].strip() == "ready" and self.process_id() is not None

    def _process_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _is_ours(self, number: int) -> bool:
        fields = _stat(number)
        if fields is None or fields[0] == "Z":
            return False
        try:
            return Path(f"/proc/{number}/cwd").resolve() == self.data.resolve()
        except OSError:
            return False

    def _ends(self, number: int, limit: float) -> bool:
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self._process is not None and self._process.pid == number:
                self._process.poll()
            fields = _stat(number)
            if fields is None or fields[0] == "Z":
                return True
            time.sleep(0.02)
        return False

    def _signal_all(self, number: int, which: signal.Signals) -> None:
        for process, _ in _family(number):
            self._signal(process, which)

    def _signal(self, number: int, which: signal.Signals) -> None:
        try:
            os.kill(number, which)
        except ProcessLookupError:
            pass

    def _run(self, command: Sequence[str | Path]) -> None:
        ran = subprocess.run(
            [str(self._programs / command[0]), *map(str, command[1:])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd="/",
            timeout=COMMAND_LIMIT,
            check=False,
            **self._identity(),
        )
        if ran.returncode != 0:
            raise Unusable(f"{command[0]} failed:\n{(ran.stderr + ran.stdout).strip()}")

    def _identity(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _environment(self) -> dict[str, str]:
        """This process's environment without what would send PostgreSQL's programs elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        name = self._user.pw_name if self._user is not None else getpass.getuser()
        return {**kept, "LC_ALL": "C", "HOME": "/", "USER": name, "LOGNAME": name}


def _stat(number: int) -> list[str] | None:
    """The fields of /proc/N/stat from the third on, the state; None when there is no such process."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name, in parentheses, may hold anything.
    return text[text.rindex(")") + 2 :].split()


def _family(number: int) -> list[tuple[int, list[str]]]:
    """A process and its children, each with its fields of /proc/N/stat from the third on."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        process = int(path.name)
        fields = _stat(process)
        if fields is not None and number in (process, int(fields[1])):
            found.append((process, fields))
    # The parent first: stopped, it starts no others.
    return sorted(found, key=lambda each: each[0] != number)


def _free_port() -> int:
    for port in random.sample(PORTS, 200):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise Unusable("There is no free port on loopback.")
