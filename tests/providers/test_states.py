"""What a reply says of a thing that nobody can set, against the vendors' own models: an import has no note on it."""

import json
import os
from pathlib import Path

import pytest

from trimtab.providers.azure.kinds import AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.gcp.kinds import ALERT_POLICY, CHANNEL, HEALTH_CHECK, MANAGER

READ_ONLY = 2
"""The flag of a property that nobody can set: bicep-types, TypePropertyFlags."""
TWICE = {"instanceTemplate", "name", "fingerprint", "kind"}
"""Settable by the letter, and no setting: names, what is said twice, the token of a write, the type."""


@pytest.mark.parametrize(
    ("kind", "schema"),
    [(MANAGER, "InstanceGroupManager"), (HEALTH_CHECK, "HealthCheck")],
    ids=lambda one: str(one)[:20],
)
def test_compute_engine_sets_them_itself(kind, schema):
    load = pytest.importorskip("trimtab.emulators.gcp.discovery").load
    properties = load("compute.v1").schemas[schema]["properties"]
    own = {name for name, one in properties.items() if one.get("readOnly") or "output only" in _text(one)}
    rows = {row.path.split(".")[0].split("[")[0] for row in kind.fields}
    assert kind.states & set(properties) - TWICE <= own
    assert own - rows <= kind.states


@pytest.mark.parametrize(("kind", "schema"), [(ALERT_POLICY, "AlertPolicy"), (CHANNEL, "NotificationChannel")])
def test_cloud_monitoring_sets_them_itself(kind, schema):
    load = pytest.importorskip("trimtab.emulators.gcp.discovery").load
    properties = load("monitoring.v3").schemas[schema]["properties"]
    said = {name: _text(one) for name, one in properties.items()}
    for name in kind.states - {"name"}:
        assert any(word in said[name] for word in ("read-only", "record of", "records of", "indicates"))


@pytest.mark.parametrize(
    ("kind", "version", "model"),
    [
        (SCALE_SET, "microsoft.compute.2026-03-01", "VirtualMachineScaleSetProperties"),
        (METRIC_ALERT, "microsoft.insights.2018-03-01", "MetricAlertProperties"),
    ],
    ids=["scale set", "metric alert"],
)
def test_resource_manager_sets_them_itself(shared, kind, version, model):
    path = Path(os.environ["TRIMTAB_SHARED"]) / "contracts" / "azure" / "bicep-types" / f"{version}.types.json"
    types = json.loads(path.read_text())
    properties = next(one["properties"] for one in types if one.get("name") == model and "properties" in one)
    own = {f"properties.{name}" for name, one in properties.items() if one["flags"] & READ_ONLY}
    assert kind.states == own


def test_the_name_of_a_setting_is_said_twice():
    assert AUTOSCALE_SETTING.states == {"properties.name"}


def test_a_state_is_no_setting_and_what_is_beside_it_is():
    body = {"name": "web", "nameOfOurs": 1, "currentActions": {"none": 1}, "statefulPolicy": {"x": 1}}
    assert MANAGER.outside(body) == {"nameOfOurs": 1, "statefulPolicy.x": 1}


def _text(one):
    return str(one.get("description", "")).lower()
