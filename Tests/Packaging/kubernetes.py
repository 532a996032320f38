#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""Reads the Kubernetes manifest as the API server would: kinds and versions, fields that are known, selectors and names that meet, and what
the pod security standard "restricted" asks.

kubernetes.py SCEPTIC
"""

import pathlib
import subprocess
import sys
from typing import Any

import yaml

MANIFEST = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy/kubernetes/sceptic.yaml"
VERSIONS = {
    "Namespace": "v1", "Secret": "v1", "Service": "v1", "Job": "batch/v1", "Deployment": "apps/v1",
    "PodDisruptionBudget": "policy/v1", "NetworkPolicy": "networking.k8s.io/v1",
}
# The fields that may stand in each place; the API server drops others without a word.
FIELDS: dict[str, set[str]] = {
    "Job.spec": {"backoffLimit", "ttlSecondsAfterFinished", "template", "activeDeadlineSeconds"},
    "Deployment.spec": {"replicas", "strategy", "selector", "template", "minReadySeconds"},
    "Service.spec": {"selector", "type", "externalTrafficPolicy", "ports"},
    "PodDisruptionBudget.spec": {"minAvailable", "maxUnavailable", "selector"},
    "NetworkPolicy.spec": {"podSelector", "policyTypes", "ingress", "egress"},
    "pod": {
        "automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds", "securityContext",
        "topologySpreadConstraints", "containers", "volumes", "restartPolicy",
    },
    "pod.securityContext": {"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "seccompProfile"},
    "container": {
        "name", "image", "args", "env", "ports", "startupProbe", "livenessProbe", "readinessProbe", "securityContext", "resources",
        "volumeMounts",
    },
    "container.securityContext": {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"},
    "probe": {"httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold"},
}


def check(holds: bool, sentence: str) -> None:
    if not holds:
        raise SystemExit(f"kubernetes: {sentence}")


def known(place: str, found: dict[str, Any]) -> None:
    check(not found.keys() - FIELDS[place], f"{place} has {sorted(found.keys() - FIELDS[place])}")


def check_pod(name: str, pod: dict[str, Any], secrets: set[str], sceptic: str) -> None:
    known("pod", pod)
    context = pod["securityContext"]
    known("pod.securityContext", context)
    check(context["runAsNonRoot"] is True and context["runAsUser"] == 10001, f"{name} runs as another user than the image's")
    check(context["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name} has no seccomp profile")
    check(pod["automountServiceAccountToken"] is False, f"{name} gets a token of the API server")
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for volume in volumes.values():
        if "secret" in volume:
            check(volume["secret"]["secretName"] in secrets, f"{name} mounts a secret that is not there")
    for container in pod["containers"]:
        known("container", container)
        context = container["securityContext"]
        known("container.securityContext", context)
        check(context["allowPrivilegeEscalation"] is False, f"{name} may gain rights")
        check(context["readOnlyRootFilesystem"] is True, f"{name} may write everywhere")
        check(context["capabilities"] == {"drop": ["ALL"]}, f"{name} has capabilities")
        check("memory" in container["resources"]["limits"], f"{name} may take all memory")
        check({mount["name"] for mount in container["volumeMounts"]} == volumes.keys(), f"{name}: mounts and volumes differ")
        check_command(name, container, volumes, sceptic)


def check_command(name: str, container: dict[str, Any], volumes: dict[str, Any], sceptic: str) -> None:
    """The program knows the options; ports and files that it is told of are there."""
    arguments = container["args"]
    help_text = subprocess.run([sceptic, arguments[0], "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
    for option in arguments[1:]:
        check(f"{option.split('=')[0]} " in help_text, f"{name}: sceptic {arguments[0]} does not know {option}")
    listened = {int(option.rsplit(":", 1)[1]) for option in arguments if "listen=" in option}
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    check(listened == set(ports.values()), f"{name} listens on {listened} and names {ports}")
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    paths = [variable["value"] for variable in container["env"]] + [option.split("=")[1] for option in arguments if option.startswith("--data=")]
    for path in paths:
        check(any(path == mount or path.startswith(mount + "/") for mount in mounts), f"{name}: {path} is not mounted")
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(kind)
        if probe is None:
            check(arguments[0] != "serve", f"{name} has no {kind}")
            continue
        known("probe", probe)
        check(probe["httpGet"]["port"] in ports, f"{name}: the {kind} asks a port that is not there")
        expected = "/readyz" if kind == "readinessProbe" else "/healthz"
        check(probe["httpGet"]["path"] == expected, f"{name}: the {kind} does not ask {expected}")


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def main() -> None:
    documents = [document for document in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")) if document]
    by_kind: dict[str, dict[str, Any]] = {}
    for document in documents:
        kind = document["kind"]
        check(document["apiVersion"] == VERSIONS.get(kind), f"{kind} has the version {document['apiVersion']}")
        check(kind not in by_kind, f"there are two of {kind}")
        check(kind == "Namespace" or document["metadata"]["namespace"] == "sceptic", f"{kind} is in another namespace")
        if f"{kind}.spec" in FIELDS:
            known(f"{kind}.spec", document["spec"])
        by_kind[kind] = document
    check(by_kind.keys() == VERSIONS.keys(), f"there are {sorted(by_kind)}")
    secret = by_kind["Secret"]
    files = secret["stringData"].keys()
    template = by_kind["Deployment"]["spec"]["template"]
    for name in ("Job", "Deployment"):
        pod = by_kind[name]["spec"]["template"]["spec"]
        check_pod(name, pod, {secret["metadata"]["name"]}, sys.argv[1])
        for variable in pod["containers"][0]["env"]:
            check(pathlib.PurePath(variable["value"]).name in files, f"{name}: the secret has no {variable['value']}")
    labels = template["metadata"]["labels"]
    check(selects(by_kind["Deployment"]["spec"]["selector"]["matchLabels"], labels), "the Deployment does not select its pods")
    for kind, selector in (
        ("Service", by_kind["Service"]["spec"]["selector"]),
        ("PodDisruptionBudget", by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]),
        ("NetworkPolicy", by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]),
    ):
        check(selects(selector, labels), f"{kind} does not select the server's pods")
    init_labels = by_kind["Job"]["spec"]["template"]["metadata"]["labels"]
    check(not selects(by_kind["Service"]["spec"]["selector"], init_labels), "the Service selects the pods of the Job")
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    for port in by_kind["Service"]["spec"]["ports"]:
        check(port["targetPort"] in ports, f"the Service names the port {port['targetPort']}")
    for rule in by_kind["NetworkPolicy"]["spec"]["ingress"]:
        check(all(port["port"] in ports for port in rule["ports"]), f"the NetworkPolicy names {rule['ports']}")
    check(by_kind["Deployment"]["spec"]["replicas"] > by_kind["PodDisruptionBudget"]["spec"]["minAvailable"], "no pod may ever be drained")
    print(f"kubernetes: {len(documents)} objects are in order")


main()
