#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Compares what a running server measures with what the alert rules, the dashboard and the guide name, and has promtool judge all of it.

monitoring.py SCEPTIC PROMTOOL
"""

import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"\b(?:sceptic|process)_[a-z_]+\b")
# What Prometheus makes of a histogram, and what has its value only with PostgreSQL.
SUFFIXES = ("_bucket", "_sum", "_count")
ELSEWHERE = {"sceptic_store_connections"}
LABELS = {
    "sceptic_requests_total": {"profile", "type", "result", "reason"},
    "sceptic_certificate_expiry_timestamp_seconds": {"role", "name"},
}


def fail(sentence: str) -> None:
    raise SystemExit(f"monitoring: {sentence}")


def scrape(sceptic: str) -> str:
    """The metrics of a server that has refused a request and answered another."""
    with tempfile.TemporaryDirectory() as folder:
        state = folder + "/state"

        def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sceptic, *arguments], input=given, capture_output=True, text=True, timeout=60, check=False
            )

        if run("init", "--data", state, "--name", "Metrics", "--public-url", "http://127.0.0.1:8080").returncode:
            fail("init failed")
        command = [sceptic, "serve", "--data", state, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert server.stdout is not None
            ports = [int(server.stdout.readline().rsplit(":", 1)[1]) for _ in range(2)]
            code = run("challenge", "new", "--data", state).stdout
            for index, challenge in enumerate((code, "wrong")):
                files = ["--key-out", f"{folder}/{index}.key", "--cert-out", f"{folder}/{index}.pem"]
                url = f"http://127.0.0.1:{ports[0]}/scep"
                done = run("enroll", "--url", url, "--challenge-file", "-", "--subject", "CN=a", *files, given=challenge)
                if done.returncode != index:
                    fail(f"enrolling ended with {done.returncode}: {done.stderr}")
            connection = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=10)
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def promtool(program: str, *arguments: str, given: str = "") -> None:
    done = subprocess.run(
        [program, *arguments], input=given, capture_output=True, text=True, timeout=120, check=False, cwd=DEPLOY / "prometheus"
    )
    if done.returncode != 0 or done.stderr.strip():
        fail(f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}")


def named(text: str) -> set[str]:
    names = set()
    for name in NAME.findall(text):
        base = next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)
        names.add(base)
    return names


def main() -> None:
    sceptic, program = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]
    text = scrape(sceptic)
    promtool(program, "check", "metrics", given=text)
    promtool(program, "check", "rules", "alerts.yml")
    promtool(program, "test", "rules", "alerts_test.yml")
    measured = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    if helpless := measured - set(re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE)):
        fail(f"no help for {sorted(helpless)}")
    for name, labels in LABELS.items():
        for found in re.findall(rf"^{name}{{([^}}]*)}}", text, re.MULTILINE):
            if set(re.findall(r"(\w+)=", found)) != labels:
                fail(f"{name} has the labels {found}")
    rules = (DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8")
    dashboard = json.loads((DEPLOY / "grafana/sceptic.json").read_text(encoding="utf-8"))
    queries = json.dumps(dashboard["panels"]) + json.dumps(dashboard["templating"])
    guide = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    expressions = "\n".join(line for line in rules.splitlines() if "summary:" not in line)
    for where, names in (("alerts.yml", named(expressions)), ("the dashboard", named(queries)), ("docs/monitoring.md", named(guide))):
        if unknown := names - measured - ELSEWHERE:
            fail(f"{where} names {sorted(unknown)}, which nobody measures")
    if untold := measured - named(guide):
        fail(f"docs/monitoring.md does not tell of {sorted(untold)}")
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    tested = set(re.findall(r'alertname="(\w+)"', (DEPLOY / "prometheus/alerts_test.yml").read_text(encoding="utf-8")))
    told = set(re.findall(r"^### (Sceptic\w+)", guide, re.MULTILINE))
    for what, names in (("unit tests", tested), ("docs/monitoring.md", told)):
        if names != alerts:
            fail(f"alerts and {what} differ: {sorted(names ^ alerts)}")
    print(f"monitoring: {len(measured)} metrics and {len(alerts)} alerts are in order")


main()
