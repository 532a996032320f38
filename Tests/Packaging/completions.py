#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Has bash complete commands by the script that the program writes, and looks at the man pages with the tools that show them.

completions.py SCEPTIC
"""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPLETE = r"""
shopt -s extglob
source "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9
read -ra COMP_WORDS <<<"$2"
[[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
function=$(complete -p sceptic | sed -n 's/.*-F \([^ ]*\).*/\1/p')
"$function" sceptic "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
"""
EXPECTED = {
    "sceptic prof": {"profile"},
    "sceptic get-c": {"get-ca", "get-caps", "get-cert", "get-crl"},
    "sceptic profile exp": {"export"},
    "sceptic serve --metr": {"--metrics-listen"},
    "sceptic nothing-lik": set(),
}


def fail(sentence: str) -> None:
    raise SystemExit(f"completions: {sentence}")


def output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def check_completions(sceptic: str, folder: pathlib.Path) -> None:
    script = folder / "sceptic.bash"
    script.write_text(output(sceptic, "--generate-completion-script", "bash"), encoding="utf-8")
    for line, expected in EXPECTED.items():
        found = {word.strip() for word in output("bash", "-c", COMPLETE, "bash", str(script), line).splitlines() if word.strip()}
        if found != expected:
            fail(f"{line!r} completes to {sorted(found)} instead of {sorted(expected)}")
    for shell, mark in (("zsh", "#compdef sceptic"), ("fish", "complete -c 'sceptic'")):
        if mark not in output(sceptic, "--generate-completion-script", shell):
            fail(f"the script for {shell} lacks {mark!r}")


def check_pages(sceptic: str, folder: pathlib.Path) -> int:
    output(str(ROOT / "scripts/man-pages"), sceptic, str(folder / "man"))
    pages = sorted((folder / "man").iterdir())
    commands = json.loads(output(sceptic, "--experimental-dump-help"))["command"]["subcommands"]
    expected = {"sceptic.1"} | {f"sceptic-{command['commandName']}.1" for command in commands if command["commandName"] != "help"}
    if {page.name for page in pages} != expected:
        fail(f"the pages are {[page.name for page in pages]}")
    for page in pages:
        # groff and mandoc tell of mistakes in different ways.
        shown = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(page)], capture_output=True, text=True, timeout=60, check=False
        )
        if shown.returncode != 0 or shown.stderr.strip():
            fail(f"{page.name}: {shown.stderr}")
        linted = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(page)], capture_output=True, text=True, timeout=60, check=False)
        if linted.returncode != 0:
            fail(f"{page.name}: {linted.stdout}{linted.stderr}")
    text = (folder / "man/sceptic-serve.1").read_text(encoding="utf-8")
    if "\\-\\-metrics\\-listen" not in text:
        fail("sceptic-serve(1) does not tell of --metrics-listen")
    return len(pages)


def main() -> None:
    sceptic = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_completions(sceptic, folder)
        pages = check_pages(sceptic, folder)
    print(f"completions: {len(EXPECTED)} completions and {pages} man pages are in order")


main()
