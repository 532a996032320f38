# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Reads, from recorded pkiMessages, the few facts that the report shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DIGESTS = {
    "1.2.840.113549.2.5": "MD5",
    "1.3.14.3.2.26": "SHA-1",
    "2.16.840.1.101.3.4.2.1": "SHA-256",
    "2.16.840.1.101.3.4.2.2": "SHA-384",
    "2.16.840.1.101.3.4.2.3": "SHA-512",
    "2.16.840.1.101.3.4.2.4": "SHA-224",
}
CIPHERS = {
    "1.3.14.3.2.7": "DES",
    "1.2.840.113549.3.7": "3DES",
    "2.16.840.1.101.3.4.1.2": "AES-128",
    "2.16.840.1.101.3.4.1.22": "AES-192",
    "2.16.840.1.101.3.4.1.42": "AES-256",
}
ENVELOPED_DATA = "1.2.840.113549.1.7.3"
# The choice pwri of RecipientInfo: [3] IMPLICIT, constructed.
PASSWORD_RECIPIENT = 0xA3
MESSAGE_TYPE = "2.16.840.1.113733.1.9.2"
PKI_STATUS = "2.16.840.1.113733.1.9.3"
FAIL_INFO = "2.16.840.1.113733.1.9.4"
SENDER_NONCE = "2.16.840.1.113733.1.9.5"
RECIPIENT_NONCE = "2.16.840.1.113733.1.9.6"
TRANSACTION_ID = "2.16.840.1.113733.1.9.7"
MESSAGE_TYPES = {
    "3": "CertRep", "17": "RenewalReq", "19": "PKCSReq", "20": "CertPoll", "21": "GetCert", "22": "GetCRL",
}  # fmt: skip
STATUSES = {"0": "SUCCESS", "2": "FAILURE", "3": "PENDING"}


class Unreadable(Exception):
    """The bytes are not the ASN.1 that was looked for."""


@dataclass(frozen=True)
class Element:
    """One ASN.1 element: its identifier octet and its contents."""

    identifier: int
    contents: bytes

    def children(self) -> list[Element]:
        """The elements that the contents consist of."""
        return list(elements(self.contents))

    def octets(self) -> bytes:
        """The value of an OCTET STRING, also of one in pieces (BER)."""
        if self.identifier & 0x20:
            return b"".join(child.octets() for child in self.children())
        return self.contents

    def oid(self) -> str:
        """The value of an OBJECT IDENTIFIER in dotted form."""
        if self.identifier != 0x06 or not self.contents:
            raise Unreadable("not an OBJECT IDENTIFIER")
        arcs, value = [], 0
        for octet in self.contents:
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def elements(data: bytes) -> Iterator[Element]:
    """Reads the elements that stand one after another in data."""
    position = 0
    while position < len(data):
        element, position = _element(data, position)
        yield element


def _element(data: bytes, position: int) -> tuple[Element, int]:
    try:
        identifier, length = data[position], data[position + 1]
    except IndexError:
        raise Unreadable("an element is cut off") from None
    position += 2
    if length == 0x80:
        start = position
        while data[position : position + 2] != b"\0\0":
            _, position = _element(data, position)
        return Element(identifier, data[start:position]), position + 2
    if length > 0x80:
        octets = length - 0x80
        length = int.from_bytes(data[position : position + octets], "big")
        position += octets
    if position + length > len(data):
        raise Unreadable("an element is cut off")
    return Element(identifier, data[position : position + length]), position + length


@dataclass(frozen=True)
class Summary:
    """The facts about one pkiMessage; cipher is None where nothing is enveloped."""

    digest: str
    cipher: str | None
    # "password" where a PasswordRecipientInfo is among the recipients.
    recipient: str
    # The values of the signed attributes, by the dotted forms of their types.
    attributes: dict[str, bytes]
    # The serial number of the signer's certificate, in upper-case hexadecimal; empty where it is named otherwise.
    signer: str

    def _text(self, kind: str) -> str | None:
        return self.attributes[kind].decode(errors="replace") if kind in self.attributes else None

    @property
    def kind(self) -> str:
        """The messageType, by its name."""
        value = self._text(MESSAGE_TYPE) or "none"
        return MESSAGE_TYPES.get(value, value)

    @property
    def status(self) -> str | None:
        """The pkiStatus, by its name; None in a request."""
        value = self._text(PKI_STATUS)
        return None if value is None else STATUSES.get(value, value)

    @property
    def transaction_id(self) -> str:
        """The transactionID."""
        return self._text(TRANSACTION_ID) or ""

    @property
    def algorithms(self) -> str:
        """Digest and cipher as the report shows them."""
        return ", ".join(part for part in (self.digest, self.cipher, self.recipient) if part)


def summary(message: bytes) -> Summary:
    """Reads a pkiMessage (CMS SignedData around EnvelopedData); raises Unreadable where that is not what it is."""
    try:
        return _summary(message)
    except (IndexError, StopIteration, RecursionError):
        raise Unreadable("not a pkiMessage") from None


def _summary(message: bytes) -> Summary:
    _, content = next(elements(message)).children()[:2]
    signed_data = content.children()[0].children()
    signer_info = signed_data[-1].children()[0].children()
    digest = signer_info[2].children()[0].oid()
    attributes = {}
    for attribute in signer_info[3].children():
        kind, values = attribute.children()[:2]
        attributes[kind.oid()] = values.children()[0].contents
    encapsulated = signed_data[2].children()
    octets = encapsulated[1].children()[0].octets() if len(encapsulated) > 1 else b""
    cipher, recipient = _enveloped(octets) if octets else (None, "")
    return Summary(DIGESTS.get(digest, digest), cipher, recipient, attributes, _signer(signer_info[1]))


def _signer(identifier: Element) -> str:
    """The serial number of an IssuerAndSerialNumber."""
    if identifier.identifier != 0x30:
        return ""
    return identifier.children()[1].contents.hex().upper().lstrip("0")


def _enveloped(content_info: bytes) -> tuple[str | None, str]:
    """The cipher of an EnvelopedData, and "password" if one of its recipients is a PasswordRecipientInfo."""
    kind, content = next(elements(content_info)).children()[:2]
    if kind.oid() != ENVELOPED_DATA:
        return None, ""
    enveloped_data = content.children()[0].children()
    recipients = next(part for part in enveloped_data if part.identifier == 0x31).children()
    encrypted_content_info = next(part for part in enveloped_data if part.identifier == 0x30).children()
    algorithm = encrypted_content_info[1].children()[0].oid()
    by_password = any(each.identifier == PASSWORD_RECIPIENT for each in recipients)
    return CIPHERS.get(algorithm, algorithm), "password" if by_password else ""
