"""Types of disks: three neutral classes, each cloud's own words, and what takes `iops` and `throughput`."""

from datetime import UTC, datetime

import pytest

import trimtab as tt
from trimtab.declarations.disks import CLASSES, disks_of, native_disk, neutral_disk
from trimtab.testing import translate

CLOUDS = ("aws", "azure", "gcp")
NOW = datetime(2026, 1, 5, tzinfo=UTC)
TEXT = """name: shop
groups:
  web:
    capacity: {min: 1, max: 2}
    template:
      image: any
      size: any
      disks: [DISK]
"""


def said(cloud, disk):
    """What is wrong with a disk, with its place."""
    fleet = tt.parse_fleet(TEXT.replace("DISK", disk))
    problems = translate(fleet, cloud, now=NOW).problems
    return [
        f"{fleet.position('web', one.path)}: {one.text}" for one in problems if one.text.startswith("template.disks")
    ]


DATA = {"aws": "/dev/sdf", "azure": "1", "gcp": "data"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_class_has_one_word(cloud):
    for name in CLASSES:
        native = native_disk(cloud, name)
        assert native in disks_of(cloud)
        assert neutral_disk(cloud, native) == name
        assert len([row for row in disks_of(cloud).values() if row.is_class and row.like == name]) == 1


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_word_of_a_cloud_is_taken_and_read_back(cloud):
    for word, row in disks_of(cloud).items():
        more = ", iops: 10000" if row.iops else ""
        disk = f'{{device: "{DATA[cloud]}", size_gb: 500, type: {word}{more}}}'
        assert said(cloud, disk) == [], disk
        assert native_disk(cloud, neutral_disk(cloud, word)) == word
        assert row.source.startswith(("https://", "botocore "))


def test_the_words_are_those_of_the_vendors_models():
    botocore = pytest.importorskip("botocore.session")
    service = botocore.get_session().get_service_model("ec2")
    assert set(disks_of("aws")) == set(service.shape_for("VolumeType").enum)
    models = pytest.importorskip("azure.mgmt.compute.models")
    assert set(disks_of("azure")) == {one.value for one in models.StorageAccountTypes}


def test_gp2_has_its_word():
    fleet = tt.parse_fleet(TEXT.replace("DISK", "{device: /dev/sda1, type: gp2}"))
    (template,) = [one for one in translate(fleet, "aws", now=NOW).resources if one.key.kind == "launch-template"]
    assert template.body["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"]["VolumeType"] == "gp2"


def test_ultra_disks_take_a_set_for_them():
    fleet = tt.parse_fleet(TEXT.replace("DISK", '{device: "1", size_gb: 100, type: UltraSSD_LRS}'))
    (body,) = [one.body for one in translate(fleet, "azure", now=NOW).resources if one.key.kind == "scale-set"]
    assert body["properties"]["additionalCapabilities"] == {"ultraSSDEnabled": True}


WRONG = {
    "of another cloud": (
        "azure",
        "{type: gp2}",
        "fleet.yaml:8: template.disks.0.type: 'gp2' is a disk type of aws, and the plan is for azure; write the class "
        "ssd, which is StandardSSD_LRS here, or move 'gp2' to an overlay of aws",
    ),
    "a slip": (
        "aws",
        "{type: gp4}",
        "fleet.yaml:8: template.disks.0.type: 'gp4' is not a disk type; did you mean gp3?",
    ),
    "another case": ("azure", "{type: premium_lrs}", "did you mean Premium_LRS?"),
    "far from all": (
        "gcp",
        "{type: quick}",
        "'quick' is not a disk type; write standard, ssd, fast-ssd or a word of gcp: pd-standard",
    ),
    "does not boot on AWS": ("aws", "{type: st1}", "st1 cannot be a boot disk on aws; use standard, gp3, gp2"),
    "does not boot on Azure": ("azure", "{type: PremiumV2_LRS}", "PremiumV2_LRS cannot be a boot disk on azure"),
    "does not boot on Google": ("gcp", "{type: hyperdisk-ml, size_gb: 100}", "hyperdisk-ml cannot be a boot disk"),
    "iops of gp2": ("aws", "{type: gp2, iops: 3000}", "template.disks.0.iops: iops is for gp3, io1 and io2 volumes"),
    "iops of st1": (
        "aws",
        "{device: /dev/sdf, type: st1, size_gb: 500, iops: 3000}",
        "template.disks.0.iops: iops is for gp3, io1 and io2 volumes",
    ),
    "throughput of io2": (
        "aws",
        "{type: io2, size_gb: 100, iops: 3000, throughput: 200}",
        "template.disks.0.throughput: throughput is for gp3 volumes; leave `throughput` out, or use `type: ssd`",
    ),
    "too few for gp3": ("aws", "{type: ssd, size_gb: 100, iops: 100}", "template.disks.0.iops: iops is 100"),
    "iops of a class on Azure": (
        "azure",
        '{device: "1", type: fast-ssd, iops: 3000}',
        "is for Ultra disks and Premium SSD v2; leave it out, or use `type: PremiumV2_LRS`",
    ),
    "iops of a class on Google": (
        "gcp",
        "{device: data, type: ssd, iops: 3000}",
        "leave `iops` out, or use `type: hyperdisk-balanced`",
    ),
    "throughput of hyperdisk-extreme": (
        "gcp",
        "{device: data, size_gb: 100, type: hyperdisk-extreme, throughput: 300}",
        "leave `throughput` out, or use `type: hyperdisk-balanced`",
    ),
    "hyperdisk without a size": (
        "gcp",
        "{device: data, type: hyperdisk-balanced, iops: 4000}",
        "iops takes a size beside it; add `size_gb`",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_word_is_an_error_with_its_line_and_the_fix(name):
    cloud, disk, text = WRONG[name]
    (problem,) = said(cloud, disk)
    assert problem.startswith("fleet.yaml:8: template.disks.0.")
    assert text in problem


def test_memory_takes_every_word():
    assert disks_of("memory") == {}
    assert said("memory", "{type: gp2, iops: 3000}") == []
