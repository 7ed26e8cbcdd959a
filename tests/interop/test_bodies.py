"""The bodies that are sent, held by jsonschema against Google's discovery document and Microsoft's schemas."""

import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

import trimtab as tt
from trimtab.emulators.azure.world import SUBSCRIPTION
from trimtab.emulators.shared.furnishing import send
from trimtab.testing import AzureTestCloud, GcpTestCloud

EXAMPLE = Path(__file__).parents[2] / "examples" / "virtualmin" / "fleet.yaml"
ARM = {
    "virtualmachinescalesets": ("Microsoft.Compute.2026-03-01.json", "virtualMachineScaleSets"),
    "autoscalesettings": ("Microsoft.Insights.2022-10-01.json", "autoscalesettings"),
    "metricalerts": ("Microsoft.Insights.2018-03-01.json", "metricAlerts"),
}
"""The schema of each kind of resource."""


MORE = """
name: more
groups:
  web:
    capacity: {min: 2, max: 6, desired: 3}
    health_check: {path: /up, port: 8080, interval: 10s, timeout: 5s, grace: 10m}
    rollout: {max_surge: 3, keep: 1}
    schedules: {day: {cron: "0 8 * * 1-5", zone: Europe/Madrid, duration: 8h, min: 4}}
    policies:
      out: {type: target-tracking, metric: cpu, target: 60, approximate: true}
    alarms:
      hot: {metric: cpu, above: 90, notify: [ops@example.com, "https://example.com/hook"]}
"""
"""What the running example has not; each cloud's own words come on top."""
OWN = {
    "azure": """
    template: {image: Ubuntu2404, size: Standard_D4s_v5, role: virtualmin, security_groups: [virtualmin],
      public_address: true, disks: [{size_gb: 64, type: fast-ssd}, {device: "0", size_gb: 128, type: PremiumV2_LRS,
      iops: 5000, throughput: 200}]}
    placement: {network: virtualmin, subnets: [private], zones: ["1", "2"]}
    purchase: {reservation: kept}
    azure: {automatic_repairs: true, terminate_notification: 5m, zone_balance: true, overprovision: false,
      scale_in: oldest, notify_scaling: [administrators]}
""",
    "gcp": """
    template: {image: debian-cloud/debian-12, size: n2-standard-2, role: virtualmin, metadata: {zone-hint: near},
      disks: [{size_gb: 20, type: ssd}, {device: data, size_gb: 100, type: pd-ssd, keep: true}]}
    purchase: {reservation: kept}
    gcp: {target_shape: balanced, named_ports: {web: 8080}, network_tags: [web], stabilization: 15m, stopped: 1,
      scale_in_limit: 2, scale_in_window: 10m, base_instance_name: node}
""",
}


LARGER = {"azure": "Standard_D8s_v5", "gcp": "n2-standard-4"}


def writes(cloud, name):
    """The bodies that the running example, another fleet, and a rollout of it send, with the paths they are sent to."""
    emulator = cloud.emulator
    emulator.doors.clear_requests()
    wide = tt.parse_fleet(MORE + OWN[name].strip("\n"), env={})
    (web,) = wide.groups
    template = web.template.model_copy(update={"size": LARGER[name]})
    changed = wide.model_copy(update={"groups": (web.model_copy(update={"template": template}),)})
    with cloud.connect() as connection:
        for fleet in (tt.load_fleet(EXAMPLE, provider=name, env={}), wide):
            connection.apply(connection.plan(fleet)).raise_for_failures()
        rollouts = connection.rollouts(changed)
        rollouts.start(["web"])
        for _ in range(3):
            rollouts.tick(["web"])
    logged = [(entry.operation, entry.params) for entry in emulator.doors.requests() if entry.write]
    return [(operation, params) for operation, params in logged if params.get("body")]


def without_nulls(body):
    """A body without what a merge takes away, which no schema has a word for."""
    if isinstance(body, dict):
        return {name: without_nulls(value) for name, value in body.items() if value is not None}
    return [without_nulls(each) for each in body] if isinstance(body, list) else body


def problems(validator, body, *, partial=False):
    """What the schema says of a body; of one that is merged it does not say that something is missing."""
    errors = [error for error in validator.iter_errors(body) if not (partial and error.validator == "required")]
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


# Azure


@pytest.fixture
def azure(azure_emulator):
    azure_emulator.reset()
    azure_emulator.furnish()
    return AzureTestCloud(azure_emulator)


def arm_validator(folder, name, kind):
    common = json.loads((folder / "common.definitions.json").read_text())
    where = "https://schema.management.azure.com/schemas/common/definitions.json"
    whole = json.loads((folder / name).read_text())
    for definition in whole["definitions"].values():
        # of a type with kinds of its own the schema has the fields of each kind elsewhere, and calls them unknown here
        if "oneOf" in definition or "criterionType" in definition.get("properties", {}):
            definition.pop("additionalProperties", None)
    extensions = json.loads((folder / "Microsoft.Compute.Extensions.2026-03-01.json").read_text())
    there = "https://schema.management.azure.com/schemas/2026-03-01/Microsoft.Compute.Extensions.json"
    parts = [(where, common), (there, extensions), ("urn:own", whole)]
    registry = Registry().with_resources([(uri, Resource(part, DRAFT4)) for uri, part in parts])
    (own,) = [key for key in whole["resourceDefinitions"] if key.lower() == kind.lower()]
    return jsonschema.Draft4Validator({"$ref": f"urn:own#/resourceDefinitions/{own}"}, registry=registry)


def test_azure_bodies_are_as_microsofts_schemas_say(azure, shared):
    group = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/trimtab/providers/Microsoft.Compute/capacityReservationGroups"
    )
    send(azure.emulator.endpoint, "PUT", f"{group}/kept?api-version=2024-07-01", {"location": "westeurope"})
    seen = set()
    for operation, params in writes(azure, "azure"):
        kind = params["path"].split("/providers/")[-1].split("/")[1].lower()
        if kind not in ARM or not operation.endswith(("_CreateOrUpdate", "_Update")):
            continue
        name, definition = ARM[kind]
        validator = arm_validator(Path(shared) / "contracts" / "azure" / "arm-json-schema", name, definition)
        version = re.search(r"\d{4}-\d\d-\d\d", name)[0]
        namespace = name.partition(".20")[0]
        path = params["path"].split("/")
        typed = {"name": path[-1], "type": f"{namespace}/{definition}", "apiVersion": version}
        partial = operation.endswith("_Update")
        assert not problems(validator, {**params["body"], **typed}, partial=partial), (kind, operation)
        # what is no word of Microsoft's is refused
        assert problems(validator, {**params["body"], **typed, "location": {"where": 1}})
        seen.add((kind, partial))
    assert {(kind, False) for kind in ARM} | {("virtualmachinescalesets", True)} <= seen


# Google Cloud


def discovery():
    """The document of Compute Engine as a JSON schema in which no object has more than its fields."""
    place = files("googleapiclient").joinpath("discovery_cache/documents/compute.v1.json")
    document = json.loads(place.read_text(encoding="utf-8"))
    return {"definitions": {name: as_schema(each) for name, each in document["schemas"].items()}}, document


def as_schema(each):
    if "$ref" in each:
        return {"$ref": f"#/definitions/{each['$ref']}"}
    made = {name: each[name] for name in ("type", "enum", "pattern") if name in each and each[name] != "any"}
    if "properties" in each:
        made["properties"] = {name: as_schema(inner) for name, inner in each["properties"].items()}
        made["additionalProperties"] = False
    elif isinstance(each.get("additionalProperties"), dict):
        made["additionalProperties"] = as_schema(each["additionalProperties"])
    if "items" in each:
        made["items"] = as_schema(each["items"])
    return made


def test_google_bodies_are_as_the_discovery_document_says(gcp):
    schemas, document = discovery()
    sent = [(operation, params) for operation, params in writes(GcpTestCloud(gcp), "gcp")]
    seen = set()
    for operation, params in sent:
        collection, _, verb = operation.partition(".")
        method = document["resources"].get(collection, {}).get("methods", {}).get(verb)
        if method is None or "request" not in method:
            continue  # Cloud Monitoring's
        schema = method["request"]["$ref"]
        validator = jsonschema.Draft7Validator({"$ref": f"#/definitions/{schema}", **schemas})
        body = json.loads(params["body"])
        assert not problems(validator, body if verb == "insert" else without_nulls(body)), operation
        assert problems(validator, {**body, "nonsense": 1})
        seen.add((schema, verb))
    made = {(schema, "insert") for schema in ("InstanceTemplate", "InstanceGroupManager", "Autoscaler", "HealthCheck")}
    assert made | {("InstanceGroupManager", "patch")} <= seen
