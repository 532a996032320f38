# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Makes pkiMessages around what `openssl cms -encrypt` made: it cannot sign attributes of SCEP's."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import message
import processes

INTEGER, OCTET_STRING, NULL, OBJECT_IDENTIFIER, PRINTABLE_STRING, SEQUENCE, SET = 2, 4, 5, 6, 0x13, 0x30, 0x31
DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"


def element(identifier: int, *contents: bytes) -> bytes:
    """One DER element."""
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes([identifier, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([identifier, 0x80 | len(length)]) + length + body


def object_identifier(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER in DER."""
    first, second, *rest = map(int, dotted.split("."))
    octets = b""
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.insert(0, 0x80 | arc & 0x7F)
        octets += bytes(groups)
    return element(OBJECT_IDENTIFIER, octets)


def _attribute(kind: str, identifier: int, value: bytes) -> bytes:
    return element(SEQUENCE, object_identifier(kind), element(SET, element(identifier, value)))


def names(certificate: bytes) -> tuple[bytes, bytes, bytes]:
    """The issuer, the serial number and the subject of a certificate, each in DER."""
    tbs = next(message.elements(certificate)).children()[0].children()
    if tbs[0].identifier == 0xA0:
        tbs = tbs[1:]
    serial, issuer, subject = tbs[0], tbs[2], tbs[4]
    return element(SEQUENCE, issuer.contents), element(INTEGER, serial.contents), element(SEQUENCE, subject.contents)


def signed_message(
    kind: str, content: bytes, transaction_id: str, nonce: bytes, certificate: bytes, key: Path, folder: Path
) -> bytes:
    """A pkiMessage of a messageType ("19") around an EnvelopedData, signed with an EC key by ECDSA with SHA-256."""
    attributes = sorted(
        [
            _attribute(CONTENT_TYPE, OBJECT_IDENTIFIER, object_identifier(DATA)[2:]),
            _attribute(MESSAGE_DIGEST, OCTET_STRING, hashlib.sha256(content).digest()),
            _attribute(message.MESSAGE_TYPE, PRINTABLE_STRING, kind.encode()),
            _attribute(message.TRANSACTION_ID, PRINTABLE_STRING, transaction_id.encode()),
            _attribute(message.SENDER_NONCE, OCTET_STRING, nonce),
        ]
    )
    issuer, serial, _ = names(certificate)
    digest = element(SEQUENCE, object_identifier(SHA256))
    signer_info = element(
        SEQUENCE,
        element(INTEGER, b"\x01"),
        element(SEQUENCE, issuer, serial),
        digest,
        element(0xA0, *attributes),
        element(SEQUENCE, object_identifier(ECDSA_WITH_SHA256)),
        element(OCTET_STRING, _signature(element(SET, *attributes), key, folder)),
    )
    signed_data = element(
        SEQUENCE,
        element(INTEGER, b"\x01"),
        element(SET, digest),
        element(SEQUENCE, object_identifier(DATA), element(0xA0, element(OCTET_STRING, content))),
        element(0xA0, certificate),
        element(SET, signer_info),
    )
    return element(SEQUENCE, object_identifier(SIGNED_DATA), element(0xA0, signed_data))


def _signature(signed: bytes, key: Path, folder: Path) -> bytes:
    given, made = folder / "attributes.der", folder / f"signature-{secrets.token_hex(4)}"
    given.write_bytes(signed)
    processes.run(["openssl", "dgst", "-sha256", "-sign", key, "-out", made, given], limit=20)
    return made.read_bytes()
