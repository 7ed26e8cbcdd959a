"""
What Azure was recorded to answer, and what the emulator answers to the same: statuses and the fields of replies.

Recordings begin in the middle: scale sets that a deployment made are made first, from the first reply that shows them,
and so are the networks that bodies refer to.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure_bench import START, Azure

KIND = re.compile(
    r"/providers/(microsoft\.compute/virtualmachinescalesets"
    r"|microsoft\.insights/(autoscalesettings|metricalerts|actiongroups))(/|\?)",
    re.IGNORECASE,
)
HOME = r"/subscriptions/[^/]+/resourcegroups/[^/]+"
SET = re.compile(rf"({HOME}/providers/microsoft\.compute/virtualmachinescalesets/[^/?]+)", re.IGNORECASE)
NAME = r'[^/"?]+'
REFERENCE = re.compile(
    rf"({HOME})/providers/(microsoft\.network/{NAME})/({NAME})(?:/({NAME})/({NAME}))?", re.IGNORECASE
)
MADE = ("provisioningState", "uniqueId", "timeCreated", "constrainedMaximumCapacity")
"""Properties of a reply that no request has."""

STATUS_EXCEPTIONS: Mapping[str, str] = {
    r"test_vmss_vms: GET .*/virtualMachines/3/instanceView": "Azure kept number 3 of four; no spares here",
    r"test_vmss_set_orchestration_service_state: .*": "no reply of the recording shows the scale set that it acts on",
}
"""Statuses that differ, by recording, method and path, and why."""
FIELD_EXCEPTIONS: Mapping[str, str] = {
    r"\.properties\.templateType": "a field of the portal's own that no type file of Azure's has",
    r"\.properties\.templateSpecificParameters.*": "a field of the portal's own that no type file of Azure's has",
    r"\.properties\.virtualMachineProfile\.scheduledEventsProfile(\..*)?": (
        "Azure shows an empty block once notice is off, and keeps `enable` where a write leaves it out"
    ),
    r"\.(identity|kind)": "empty, in 2018",
    r"\.properties\.webhookReceivers\[\*\]\.(identifierUri|objectId|tenantId|useAadAuth)": "empty, in 2018",
    r".*\.osDisk\.vhd(\..*)?": "a disk outside managed storage, of 2015",
    r".*\.networkInterfaceConfigurations\[\*\]\.properties\.enableAcceleratedNetworking": "left out by newer versions",
}
"""Fields that the emulator does not answer, and why."""


def folders(shared: Path) -> list[Path]:
    return [shared / "recordings" / "azure", shared / "contracts" / "azure" / "recordings"]


def names(shared: Path) -> list[Path]:
    return [path for folder in folders(shared) for path in sorted(folder.rglob("*.json"))]


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield f"{path}.{name}"
            yield from leaves(item, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[*]")


class Replay:
    """One recording, replayed on an empty subscription."""

    def __init__(self, azure: Azure, interactions: list[dict[str, Any]]) -> None:
        self.azure = azure
        self.interactions = [self.localized(one) for one in interactions if self.concerns(one)]
        self.compared = 0
        self.wrong: list[str] = []

    def concerns(self, one: Mapping[str, Any]) -> bool:
        request = one["request"]
        return bool(KIND.search(urlsplit(request["uri"]).path + "/")) and not (
            request["method"] == "PUT" and request.get("body") is None
        )

    def localized(self, one: Mapping[str, Any]) -> dict[str, Any]:
        own = f"/subscriptions/{self.azure.emulator.subscription}"
        found: dict[str, Any] = json.loads(re.sub(r"/subscriptions/[^/\"?]+", own, json.dumps(one)))
        return found

    def run(self, name: str) -> None:
        for one in self.interactions:
            request, recorded = one["request"], one["response"]
            url = urlsplit(request["uri"])
            path, body = url.path, request.get("body")
            self.seed(path, recorded)
            self.refer(body)
            reply = self.azure.ask(request["method"], f"{path}?{url.query}", body, version=None)
            where = f"{name}: {request['method']} {path.split('/providers/')[-1]}"
            if any(re.fullmatch(pattern, where) for pattern in STATUS_EXCEPTIONS):
                continue
            if reply.status != recorded["status"]:
                self.wrong.append(
                    f"{where}: recorded {recorded['status']}, answered {reply.status} {str(reply.body)[:120]}"
                )
            else:
                self.compare(where, recorded.get("body"), reply.body)

    def compare(self, where: str, recorded: Any, answered: Any) -> None:
        self.compared += 1
        if not isinstance(recorded, Mapping) or "value" in recorded:
            return
        missing = set(leaves(recorded)) - set(leaves(answered))
        left = {path for path in missing if not any(re.fullmatch(each, path) for each in FIELD_EXCEPTIONS)}
        if left:
            self.wrong.append(f"{where}: not answered: {sorted(left)[:6]}")

    def seed(self, path: str, recorded: Mapping[str, Any]) -> None:
        """Make a scale set that the recording takes for granted."""
        found = SET.search(path)
        if found is None or recorded["status"] >= 400 or self.azure.ask("GET", found[1]).status == 200:
            return
        shown = self.shown(found[1])
        creates = any(self.creates(one, found[1]) for one in self.interactions)
        if shown is None or creates:
            return
        properties = {name: value for name, value in shown["properties"].items() if name not in MADE}
        body = {name: shown[name] for name in ("location", "sku", "zones", "tags") if shown.get(name) is not None}
        whole = json.loads(json.dumps({**body, "properties": properties}))
        system = whole["properties"]["virtualMachineProfile"].get("osProfile") or {}
        if not (system.get("linuxConfiguration") or {}).get("disablePasswordAuthentication"):
            system["adminPassword"] = "Never-Shown-1"  # what no reply gives back
        self.refer(whole)
        self.azure.ask("PUT", found[1], whole)

    def creates(self, one: Mapping[str, Any], path: str) -> bool:
        about = SET.search(one["request"]["uri"])
        is_new = one["request"]["method"] == "PUT" and one["response"]["status"] == 201
        return is_new and about is not None and about[1].lower() == path.lower()

    def shown(self, path: str) -> Mapping[str, Any] | None:
        for one in self.interactions:
            body = one["response"].get("body")
            if isinstance(body, Mapping) and str(body.get("id", "")).lower() == path.lower() and body.get("properties"):
                return body
        return None

    def refer(self, body: Any) -> None:
        """Make the networks, balancers and firewalls that a body refers to."""
        for match in REFERENCE.finditer(json.dumps(body or {})):
            group, kind, name, part, part_name = (
                match[number] and match[number].strip('"}] ,') for number in range(1, 6)
            )
            there = self.azure.ask("GET", f"{group}/providers/{kind}/{name}")
            properties = dict(there.body.get("properties") or {}) if there.status == 200 else {}
            if part and part_name:
                parts = properties.setdefault(part, [])
                if not any(one["name"] == part_name for one in parts):
                    parts.append({"name": part_name, "properties": {}})
            place = body.get("location", "westus") if isinstance(body, Mapping) else "westus"
            self.azure.ask("PUT", f"{group}/providers/{kind}/{name}", {"location": place, "properties": properties})


def test_recorded_exchanges_are_answered_alike(azure: Azure, shared: Path) -> None:
    wrong, compared = [], 0
    for path in names(shared):
        azure.doors.reset()
        azure.doors.set_clock(START, freeze=True)
        azure.doors.configure(make_groups=1)
        replay = Replay(azure, json.loads(path.read_text()).get("interactions") or [])
        replay.run(path.stem)
        wrong += replay.wrong
        compared += replay.compared
    assert not wrong, "\n".join(wrong)
    assert compared > 60


def test_exceptions_are_patterns() -> None:
    for pattern, reason in {**FIELD_EXCEPTIONS, **STATUS_EXCEPTIONS}.items():
        assert re.compile(pattern)
        assert reason
