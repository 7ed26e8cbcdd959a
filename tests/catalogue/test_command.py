"""`trimtab catalog`: images and sizes of the clouds side by side, without an account."""

import io
import json

import pytest

from trimtab.cli.main import run


def cli(*words):
    out, err = io.StringIO(), io.StringIO()
    code = run(["catalog", *words], out=out, err=err, source=io.StringIO())
    return code, out.getvalue(), err.getvalue()


def test_images_stand_side_by_side():
    code, out, _ = cli("images", "--os", "ubuntu-22.04", "--architecture", "x86_64")
    assert code == 0
    assert "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2" in out
    assert "ubuntu-os-cloud/ubuntu-2204-lts" in out
    assert "099720109477:ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-amd64-server-*" in out


def test_images_as_data_have_their_sources():
    code, out, _ = cli("images", "--format", "json")
    images = json.loads(out)["images"]
    assert code == 0
    only = [one["clouds"].keys() for one in images if one["os"] == "amazon-linux-2"]
    assert only == [{"aws"}, {"aws"}]
    rocky = next(one for one in images if one["os"] == "rocky-9")
    assert rocky["clouds"]["azure"]["plan"] == {
        "name": "9-base",
        "product": "rockylinux-x86_64",
        "publisher": "resf",
    }


def test_sizes_begin_with_the_choice():
    code, out, _ = cli("sizes", "--cpus", "2", "--memory", "4", "--format", "json")
    clouds = json.loads(out)["clouds"]
    assert code == 0
    assert clouds["gcp"]["sizes"][0]["name"] == "e2-medium"
    assert clouds["azure"]["sizes"][0]["name"] == "Standard_B2als_v2"
    assert all(size["cpus"] >= 2 and size["memory_gb"] >= 4 for one in clouds.values() for size in one["sizes"])
    assert cli("sizes", "--cpus", "2", "--memory", "4")[1].count("the choice") == 2


def test_what_nothing_fits_names_the_nearest():
    code, out, _ = cli("sizes", "--cpus", "2-2", "--memory", "5-6", "--provider", "azure")
    assert code == 1
    assert "Standard_DS2_v2" in out
    assert "does not fit; the nearest" in out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["images", "--os", "ubuntu-2204"], "did you mean ubuntu-22.04?"),
        (["sizes", "--cpus", "two"], "'two' is not a number such as 2, or a range such as 2-4"),
        (["sizes"], "give --cpus, --memory or both"),
        (["sizes", "--cpus", "2", "--provider", "asure"], "did you mean azure?"),
        (["sizes", "--cpus", "2", "--architecture", "amd64"], "unknown word 'amd64'"),
    ],
)
def test_mistakes_are_said(words, text):
    code, _, err = cli(*words)
    assert code == 1
    assert text in err
