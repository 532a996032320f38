# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Enrols once with PySCEP; runs in the environment that `scripts/bootstrap interop` makes.

Reads the challenge from standard input. Exit status: 0 issued, 2 the server answered FAILURE, 3 it answered PENDING.
"""

import argparse
import os
import sys
import warnings

warnings.simplefilter("ignore")  # PySCEP imports 3DES from a place that the package cryptography no longer likes.

from scep.Client import Client, PKIStatus, SigningRequest  # noqa: E402

KEY_USAGE = {"digital_signature", "key_encipherment"}


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("url", "common-name", "key-out", "cert-out"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    challenge = sys.stdin.readline().strip()
    identity, key = SigningRequest.generate_self_signed(cn=arguments.common_name, key_usage=KEY_USAGE)
    request, key = SigningRequest.generate_csr(
        cn=arguments.common_name, key_usage=KEY_USAGE, password=challenge, private_key=key
    )
    answer = Client(arguments.url).enrol(csr=request, identity=identity, identity_private_key=key)
    print(f"pkiStatus: {answer.status.name}")
    if answer.status is PKIStatus.FAILURE:
        print(f"failInfo: {answer.fail_info}")
        return 2
    if answer.status is PKIStatus.PENDING:
        return 3
    own = [each for each in answer.certificates if each.public_key.to_der() == key.public_key.to_der()]
    if not own:
        print("no certificate in the answer has the key of the request")
        return 1
    os.umask(0o077)
    with open(arguments.key_out, "wb") as file:
        file.write(key.to_pem())
    with open(arguments.cert_out, "wb") as file:
        file.write(own[0].to_pem())
    return 0


sys.exit(main())
