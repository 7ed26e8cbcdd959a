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
from trimtab.testing import AzureTestCloud, GcpTestCloud

EXAMPLE = Path(__file__).parents[2] / "examples" / "virtualmin" / "fleet.yaml"
ARM = {
    "virtualmachinescalesets": ("Microsoft.Compute.2026-03-01.json", "virtualMachineScaleSets"),
    "autoscalesettings": ("Microsoft.Insights.2022-10-01.json", "autoscalesettings"),
    "metricalerts": ("Microsoft.Insights.2018-03-01.json", "metricAlerts"),
}
"""The schema of each kind of resource."""


def writes(cloud):
    """The bodies that applying the running example sends, with the paths that they are sent to."""
    emulator = cloud.emulator
    emulator.doors.clear_requests()
    with cloud.connect() as connection:
        connection.apply(connection.plan(tt.load_fleet(EXAMPLE, env={}))).raise_for_failures()
    logged = [(entry.operation, entry.params) for entry in emulator.doors.requests() if entry.write]
    return [(operation, params) for operation, params in logged if params.get("body")]


def problems(validator, body):
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)]


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
    seen = set()
    for _, params in writes(azure):
        kind = params["path"].split("/providers/")[-1].split("/")[1].lower()
        if kind not in ARM:
            continue
        name, definition = ARM[kind]
        validator = arm_validator(Path(shared) / "contracts" / "azure" / "arm-json-schema", name, definition)
        version = re.search(r"\d{4}-\d\d-\d\d", name)[0]
        namespace = name.partition(".20")[0]
        path = params["path"].split("/")
        typed = {"name": path[-1], "type": f"{namespace}/{definition}", "apiVersion": version}
        assert not problems(validator, {**params["body"], **typed}), kind
        # what is no word of Microsoft's is refused
        assert problems(validator, {**params["body"], **typed, "location": {"where": 1}})
        seen.add(kind)
    assert {"virtualmachinescalesets", "autoscalesettings"} <= seen


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
    sent = [(operation, params) for operation, params in writes(GcpTestCloud(gcp))]
    seen = set()
    for operation, params in sent:
        collection, _, verb = operation.partition(".")
        method = document["resources"].get(collection, {}).get("methods", {}).get(verb)
        if method is None or "request" not in method:
            continue  # Cloud Monitoring's
        schema = method["request"]["$ref"]
        validator = jsonschema.Draft7Validator({"$ref": f"#/definitions/{schema}", **schemas})
        body = json.loads(params["body"])
        assert not problems(validator, body), operation
        assert problems(validator, {**body, "nonsense": 1})
        seen.add(schema)
    assert {"InstanceTemplate", "InstanceGroupManager", "Autoscaler"} <= seen
