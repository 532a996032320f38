# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""A TCP relay between a client and the server that keeps a copy of what passes, byte for byte unchanged.

The report tells what was seen on the wire, not what a client was asked to do.
"""

from __future__ import annotations

import base64
import binascii
import socket
import threading
import urllib.parse
from dataclasses import dataclass

from message import Summary, Unreadable, summary


@dataclass(frozen=True)
class Exchange:
    """One PKIOperation: the HTTP method, and what request and reply said (None where unreadable)."""

    method: str
    request: Summary | None
    reply: Summary | None


class _Connection:
    """The two directions of one connection, recorded."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.received = bytearray()


class Relay:
    """Listens on a loopback port of its own and passes every connection on to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._lock = threading.Lock()
        self._connections: list[_Connection] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def forget(self) -> None:
        """Drops what was recorded so far."""
        with self._lock:
            self._connections = []

    def exchanges(self) -> list[Exchange]:
        """The PKIOperations recorded since the last call of forget, in their order."""
        with self._lock:
            recorded = [(bytes(each.sent), bytes(each.received)) for each in self._connections]
        found = []
        for sent, received in recorded:
            try:
                replies = [body for _, body in _http_messages(received, is_reply=True)]
                requests = _http_messages(sent, is_reply=False)
            except ValueError:
                continue
            for number, (line, body) in enumerate(requests):
                reply = replies[number] if number < len(replies) else b""
                exchange = _exchange(line, body, reply)
                if exchange is not None:
                    found.append(exchange)
        return found

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            connection = _Connection()
            with self._lock:
                self._connections.append(connection)
            for source, target, copy in (
                (client, server, connection.sent),
                (server, client, connection.received),
            ):
                threading.Thread(target=self._pump, args=(source, target, copy), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, copy: bytearray) -> None:
        try:
            while data := source.recv(65536):
                with self._lock:
                    copy.extend(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for each in (source, target):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def _exchange(line: str, body: bytes, reply: bytes) -> Exchange | None:
    words = line.split(" ")
    if len(words) < 2:
        return None
    query = urllib.parse.urlsplit(words[1]).query
    # By hand: parse_qs would turn a literal + of the base64 into a space.
    fields = dict(field.partition("=")[::2] for field in query.split("&"))
    if fields.get("operation") != "PKIOperation":
        return None
    if words[0] == "GET":
        try:
            body = base64.b64decode(urllib.parse.unquote(fields.get("message", "")))
        except binascii.Error:
            body = b""
    return Exchange(words[0], _readable(body), _readable(reply))


def _readable(message: bytes) -> Summary | None:
    try:
        return summary(message)
    except (Unreadable, ValueError):
        return None


def _http_messages(stream: bytes, *, is_reply: bool) -> list[tuple[str, bytes]]:
    """Splits one direction of an HTTP/1 connection into first lines and bodies."""
    messages = []
    while stream:
        head, found, stream = stream.partition(b"\r\n\r\n")
        if not found:
            break
        lines = head.decode("latin-1").split("\r\n")
        if is_reply and lines[0].split(" ")[1:2] == ["100"]:
            continue
        fields = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])}
        if fields.get("transfer-encoding", "").lower() == "chunked":
            body, stream = _chunked(stream)
        elif "content-length" in fields:
            length = int(fields["content-length"])
            body, stream = stream[:length], stream[length:]
        elif is_reply:
            body, stream = stream, b""
        else:
            body = b""
        messages.append((lines[0], body))
    return messages


def _chunked(stream: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        line, found, stream = stream.partition(b"\r\n")
        length = int(line.split(b";")[0], 16) if found else 0
        if length == 0:
            return body, stream.partition(b"\r\n")[2]
        body, stream = body + stream[:length], stream[length + 2 :]
