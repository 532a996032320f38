# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""The sceptic command lines, profiles and URLs that the harness relies on: the one place to change them."""

from __future__ import annotations

# Words in braces are filled in by the harness. The path of the binary comes before each list.
INITIALISE = ["init", "--data", "{data}", "--name", "Interop CA"]
SERVE = ["serve", "--data", "{data}", "--listen", "{listen}"]
NEW_CHALLENGE = ["challenge", "new", "--data", "{data}", "--profile", "{profile}"]
SHOW_CA = ["ca", "show", "--data", "{data}", "--pem"]
ENROLL = [
    "enroll", "--url", "{url}", "--challenge-file", "-", "--subject", "{subject}",
    "--key-out", "{key}", "--cert-out", "{certificate}",
]  # fmt: skip
VERSION = ["version"]

# What `sceptic enroll` prints when the server answered FAILURE (besides an exit status other than 0).
ENROLL_REFUSED = r"badRequest|FAILURE"

# Profiles that the cases name, with the arguments that make them; `sceptic init` makes the one called default.
PROFILES: dict[str, list[str] | None] = {
    "default": None,
    "strongswan": ["profile", "new", "strongswan", "--data", "{data}", "--compatibility", "strongswan-5.9"],
    "pyscep": ["profile", "new", "pyscep", "--data", "{data}", "--compatibility", "pyscep"],
    "legacy": ["profile", "new", "legacy", "--data", "{data}", "--accept-legacy", "des,md5"],
}

# Below the server's base URL.
PROFILE_PATH = "/scep/{profile}"
READY_PATH = "/readyz"

# Seconds: for one local command; for the server to answer READY_PATH; for it to stop after SIGTERM; for one client.
COMMAND_LIMIT = 60
START_LIMIT = 30
STOP_LIMIT = 20
CLIENT_LIMIT = 90


def filled(words: list[str], **values: object) -> list[str]:
    """Returns the words with each {name} replaced by its value."""
    return [word.format(**values) for word in words]
