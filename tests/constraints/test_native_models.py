"""The models by which leaves of native bodies are checked, held against the vendors' own."""

import importlib

import pytest
from tools.natives.__main__ import content, place

from tests.constraints.readers import reader
from trimtab.declarations import declarations_of
from trimtab.providers.natives import native_model

CLOUDS = ("aws", "azure", "gcp")


def model_of(cloud):
    return native_model(declarations_of(cloud).natives.package)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_model_is_what_the_vendors_model_says(cloud):
    if reader(cloud).version() != dict(model_of(cloud).checked):
        pytest.skip(f"taken from {model_of(cloud).checked}, installed {reader(cloud).version()}: `nox -s renew`")
    assert place(cloud).read_text(encoding="utf-8") == content(cloud)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_body_has_a_model_and_every_structure_is_there(cloud):
    model, declared = model_of(cloud), declarations_of(cloud).natives
    assert {part.kind for part in declared.parts.values()} == set(model.kinds)
    kinds = importlib.import_module(f"trimtab.providers.{cloud}.kinds").KINDS
    assert set(model.kinds) <= set(kinds)
    for name, fields in model.shapes.items():
        for node in fields.values():
            while isinstance(node, dict) and ("list" in node or "map" in node):
                node = node.get("list", node.get("map"))
            assert not isinstance(node, dict) or "type" in node or node["of"] in model.shapes, name


def test_what_is_never_given_back_is_known():
    """A plan could not compare it: secrets of Azure, what Google and AWS only take."""
    azure = model_of("azure").shapes
    assert azure["microsoft.compute.VirtualMachineScaleSetOSProfile"]["adminPassword"] == "unread"
    assert azure["microsoft.compute.VirtualMachineScaleSetExtensionProperties"]["protectedSettings"] == "unread"
    assert model_of("gcp").shapes["AttachedDisk"]["forceAttach"] == "unread"
    assert model_of("aws").shapes["autoscaling.CreateAutoScalingGroupType"]["SkipZonalShiftValidation"] == "unread"


def test_what_only_answers_say_is_not_in_a_model():
    assert "provisioningState" not in model_of("azure").shapes["microsoft.compute.VirtualMachineScaleSetProperties"]
    assert "selfLink" not in model_of("gcp").shapes["Autoscaler"]
