# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Runs one operation of PySCEP's; in the environment that `scripts/bootstrap interop` makes.

Reads the challenge from standard input: an empty line is none. Exit status: 0 done, 2 the server answered FAILURE, 3 it
still answered PENDING when the time to wait was over.
"""

import argparse
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")  # PySCEP imports 3DES from a place that the package cryptography no longer likes.

from scep.Client import Client, PKIStatus, SigningRequest  # noqa: E402
from scep.Client.certificate import Certificate  # noqa: E402
from scep.Client.privatekey import PrivateKey  # noqa: E402

KEY_USAGE = {"digital_signature", "key_encipherment"}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("operation", choices=("enrol", "get-cert", "get-crl", "get-next-ca"))
    for name in ("url", "common-name", "key-out", "cert-out", "crl-out"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("old-key", "old-cert"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--wait", type=float, required=True)
    return parser.parse_args()


def written(path: str, *contents: bytes) -> None:
    os.umask(0o077)
    with open(path, "wb") as file:
        file.write(b"".join(contents))


def status(answer) -> int:
    print(f"pkiStatus: {answer.status.name}")
    if answer.status is PKIStatus.FAILURE:
        print(f"failInfo: {answer.fail_info}")
        return 2
    return 3 if answer.status is PKIStatus.PENDING else 0


def enrol(client: Client, arguments: argparse.Namespace) -> int:
    challenge = sys.stdin.readline().strip() or None
    identity, key = SigningRequest.generate_self_signed(cn=arguments.common_name, key_usage=KEY_USAGE)
    request, key = SigningRequest.generate_csr(
        cn=arguments.common_name, key_usage=KEY_USAGE, password=challenge, private_key=key
    )
    signer, signing_key = (identity, key) if arguments.old_cert is None else old(arguments)
    answer = client.enrol(csr=request, identity=signer, identity_private_key=signing_key)
    deadline = time.monotonic() + arguments.wait
    while answer.status is PKIStatus.PENDING and time.monotonic() < deadline:
        time.sleep(1)
        answer = client.poll(signer, signing_key, identity.subject, answer.transaction_id)
    if failed := status(answer):
        return failed
    own = [each for each in answer.certificates if each.public_key.to_der() == key.public_key.to_der()]
    if not own:
        print("no certificate in the answer has the key of the request")
        return 1
    written(arguments.key_out, key.to_pem())
    written(arguments.cert_out, own[0].to_pem())
    return 0


def old(arguments: argparse.Namespace) -> tuple:
    return Certificate.from_pem_file(arguments.old_cert), PrivateKey.from_pem_file(arguments.old_key)


def ask(client: Client, arguments: argparse.Namespace) -> int:
    identity, key = old(arguments)
    query = client.get_cert if arguments.operation == "get-cert" else client.get_crl
    answer = query(identity, key, identity.serial_number)
    if failed := status(answer):
        return failed
    if arguments.operation == "get-cert":
        written(arguments.cert_out, answer.certificates[0].to_pem())
    else:
        written(arguments.crl_out, answer.crl.to_pem())
    return 0


def main() -> int:
    arguments = parsed()
    client = Client(arguments.url)
    if arguments.operation == "enrol":
        return enrol(client, arguments)
    if arguments.operation == "get-next-ca":
        written(arguments.cert_out, *(each.to_pem() for each in client.rollover_certificate()))
        return 0
    return ask(client, arguments)


sys.exit(main())
