# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The sceptic command lines, profiles and URLs that the harness relies on: the one place to change them."""

from __future__ import annotations

# Words in braces are filled in by the harness. The path of the binary comes before each list.
INITIALISE = ["init", "--data", "{data}", "--name", "Interop CA", "--public-url", "{url}"]
SERVE = ["serve", "--data", "{data}", "--listen", "{listen}"]
NEW_CHALLENGE = ["challenge", "new", "--data", "{data}", "--profile", "{profile}"]
SHOW_CA = ["ca", "show", "--data", "{data}", "--pem"]
PENDING = ["request", "list", "--pending", "--data", "{data}", "--json"]
APPROVE = ["request", "approve", "--data", "{data}", "--by", "interop", "--", "{request}"]
DENY = ["request", "deny", "--data", "{data}", "--by", "interop", "--", "{request}"]
REVOKE = ["certificate", "revoke", "--data", "{data}", "{serial}"]
PREPARE_ROLLOVER = ["ca", "rollover", "prepare", "--data", "{data}"]
ACTIVATE_ROLLOVER = ["ca", "rollover", "activate", "--data", "{data}"]
ENROLL = [
    "enroll", "--url", "{url}", "--subject", "{subject}", "--key-out", "{key}", "--cert-out", "{certificate}",
]  # fmt: skip
RENEW = [
    "renew", "--url", "{url}", "--cert", "{old_certificate}", "--key", "{old_key}", "--cert-out", "{certificate}",
]  # fmt: skip
POLL = [
    "poll", "--url", "{url}", "--pending", "pending.json", "--key", "{key}", "--cert-out", "{certificate}",
]  # fmt: skip
GET_CERT = [
    "get-cert", "--url", "{url}", "--cert", "{old_certificate}", "--key", "{old_key}", "--serial", "{serial}",
    "--out", "{certificate}",
]  # fmt: skip
GET_CRL = [
    "get-crl", "--url", "{url}", "--cert", "{old_certificate}", "--key", "{old_key}", "--out", "{crl}",
]  # fmt: skip
GET_NEXT_CA = ["get-next-ca", "--url", "{url}", "--out", "{certificate}"]
WAITING = ["--wait", "{seconds}", "--poll-interval", "1"]
VERSION = ["version"]

# Profiles that the cases name, with the arguments that make them; `sceptic init` makes the one called default.
PROFILES: dict[str, list[str] | None] = {
    "default": None,
    "strongswan": ["profile", "new", "strongswan", "--data", "{data}", "--compatibility", "strongswan-5.9"],
    "pyscep": ["profile", "new", "pyscep", "--data", "{data}", "--compatibility", "pyscep"],
    "legacy": ["profile", "new", "legacy", "--data", "{data}", "--accept-legacy", "des,md5"],
    "pss": [
        "profile", "new", "pss", "--data", "{data}", "--compatibility", "strongswan-5.9", "--pss", "accepted",
    ],
    "password": ["profile", "new", "password", "--data", "{data}", "--password-recipients", "accepted"],
    "approval": ["profile", "new", "approval", "--data", "{data}", "--approval", "all"],
    "pyscep-approval": [
        "profile", "new", "pyscep-approval", "--data", "{data}", "--compatibility", "pyscep", "--approval", "all",
    ],
    "legacy-approval": [
        "profile", "new", "legacy-approval", "--data", "{data}", "--accept-legacy", "des,md5", "--approval", "all",
    ],
}

# Below the server's base URL.
PROFILE_PATH = "/scep/{profile}"
READY_PATH = "/readyz"

# Seconds: for one local command; for the server to answer READY_PATH; for it to stop after SIGTERM; for one client;
# for a request to be decided that waits for approval.
COMMAND_LIMIT = 60
START_LIMIT = 30
STOP_LIMIT = 20
CLIENT_LIMIT = 90
POLL_LIMIT = 60


def filled(words: list[str], **values: object) -> list[str]:
    """Returns the words with each {name} replaced by its value."""
    return [word.format(**values) for word in words]
