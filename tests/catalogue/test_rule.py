"""The rule by which a size is chosen, and the tables that it goes by."""

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from trimtab.declarations.catalogue import OS_WORDS, SizeRequest, catalogue_of, images_of
from trimtab.plan import Key, Mark, Resource
from trimtab.providers.neutral import settle

CLOUDS = ("aws", "azure", "gcp")


def rows(cloud):
    """The catalogue as its file has it, family by family: name, facts."""
    data = json.loads((files(f"trimtab.providers.{cloud}") / "sizes.json").read_text(encoding="utf-8"))
    for family in data["families"]:
        shared = {
            "current": family.get("current", True),
            "architecture": family.get("architecture", "x86_64"),
            "burstable": family.get("burstable", False),
            "spot": family.get("spot", True),
            "caution": family.get("caution", ""),
            "regions": family.get("regions", []),
        }
        for name, (cpus, memory, *gpus) in family["sizes"].items():
            yield {**shared, "name": name, "cpus": cpus, "memory_gb": memory, "gpu": gpus[0] if gpus else 0}


ROWS = {cloud: list(rows(cloud)) for cloud in CLOUDS}


def within(bound, value):
    return bound is None or (bound.min <= value and (bound.max is None or value <= bound.max))


def fits(row, asked, architecture, spot, region):
    return (
        not row["caution"]
        and row["architecture"] == architecture
        and (row["spot"] or not spot)
        and (not row["regions"] or region in row["regions"])
        and asked.burstable in (None, row["burstable"])
        and within(asked.cpus, row["cpus"])
        and within(asked.memory_gb, row["memory_gb"])
        and within(asked.gpu or tt.CountRange(min=0, max=0), row["gpu"])
    )


def bounds(*values):
    return st.builds(
        lambda low, high: {"min": min(low, high), "max": max(low, high)},
        st.sampled_from(values),
        st.sampled_from(values),
    ) | st.sampled_from(values)


REQUIREMENTS = st.fixed_dictionaries(
    {"cpus": bounds(1, 2, 3, 4, 8, 16, 64)},
    optional={
        "memory_gb": bounds(0.5, 1, 2, 4, 6, 8, 16, 64, 200),
        "burstable": st.booleans(),
        "gpu": bounds(0, 1, 4),
    },
)


@settings(max_examples=examples(), deadline=None)
@given(
    REQUIREMENTS, st.sampled_from(["x86_64", "arm64"]), st.booleans(), st.sampled_from(["europe-west1", "us-central1"])
)
def test_what_is_chosen_fits_and_nothing_smaller_does(given_size, architecture, spot, region):
    asked = tt.SizeRequirement.model_validate(given_size)
    for cloud in CLOUDS:
        able = [row for row in ROWS[cloud] if fits(row, asked, architecture, spot, region)]
        able = [row for row in able if row["current"]] or able
        chosen = next(catalogue_of(cloud).fitting(SizeRequest(asked, architecture, spot, region)), None)
        assert (chosen is None) == (not able)
        if chosen is not None:
            own = next(row for row in able if row["name"] == chosen.name)
            assert (own["cpus"], own["memory_gb"]) == min((row["cpus"], row["memory_gb"]) for row in able)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_names_are_told_apart_and_figures_are_possible(cloud):
    names = [row["name"] for row in ROWS[cloud]]
    assert len(names) == len(set(names)) > 200
    assert all(row["cpus"] >= 1 and row["memory_gb"] >= 0.25 and row["gpu"] >= 0 for row in ROWS[cloud])


@pytest.mark.parametrize("os", OS_WORDS)
def test_every_operating_system_is_somewhere_with_its_source(os):
    found = [row for cloud in CLOUDS for (word, _), row in images_of(cloud).items() if word == os]
    assert found
    assert all(row.source.startswith("https://") for row in found)
    assert os.startswith("amazon") == ({cloud for cloud in CLOUDS if (os, "x86_64") in images_of(cloud)} == {"aws"})


# what a group keeps


def neutral(**size):
    template = {"image": {"os": "debian-12"}, "size": size or {"cpus": 2, "memory_gb": 4}}
    return make_group(template=template, purchase={}, alarms={}, policies={}, schedules={})


def holding(kept):
    mark = Mark("shop", "web", kept=kept)
    return Resource(key=Key("europe-west1", "group-manager", "shop-web"), body={}, group="web", mark=mark)


def test_a_size_that_was_chosen_before_is_kept_and_another_choice_is_a_note():
    first = settle(neutral(), "gcp", region="europe-west1")
    assert first.group.template.size == "e2-medium"
    word = first.kept["size"].partition(":")[0]
    later = settle(
        neutral(), "gcp", region="europe-west1", holder=holding({"size": f"{word}:e2-standard-2"}), fleet="shop"
    )
    assert later.group.template.size == "e2-standard-2"
    assert later.kept == {"size": f"{word}:e2-standard-2"}
    assert "the catalogue has e2-medium for it now; refresh the size" in later.notes[0].text
    gone = settle(neutral(), "gcp", holder=holding({"size": f"{word}:x9-future-2"}), fleet="shop")
    assert gone.group.template.size == "x9-future-2"  # whatever the catalogue of today has


def test_another_requirement_chooses_anew():
    kept = settle(neutral(), "gcp", region="europe-west1").kept
    other = settle(neutral(cpus=4), "gcp", region="europe-west1", holder=holding(kept), fleet="shop")
    assert other.group.template.size == "e2-highcpu-4"


@pytest.mark.parametrize(("cloud", "size"), [("azure", "Standard_B2pls_v2"), ("gcp", "t2a-standard-2")])
def test_a_size_is_for_the_processor_of_the_image(cloud, size):
    template = {"image": {"os": "debian-12", "architecture": "arm64"}, "size": {"cpus": 2, "memory_gb": 4}}
    assert settle(neutral().replace(template=template), cloud).group.template.size == size


def test_several_choices_are_a_list():
    chosen = settle(neutral(cpus=2, memory_gb=4, choices=3, burstable=False), "azure", region="westeurope")
    names = [option.size for option in chosen.group.purchase.sizes]
    assert names == ["Standard_D2ls_v5", "Standard_D2as_v5", "Standard_D2s_v5"]
    assert chosen.group.template.size == names[0]


def test_where_nothing_fits_the_nearest_is_named():
    asked = neutral(cpus={"min": 2, "max": 2}, memory_gb={"min": 5, "max": 6})
    (problem,) = settle(asked, "azure", region="westeurope").problems
    assert problem.path == "template.size"
    assert (
        "no size in westeurope has cpus 2, memory 5 to 6 GiB on x86_64; the nearest is Standard_DS2_v2" in problem.text
    )


@pytest.mark.parametrize(
    ("cloud", "image", "text"),
    [
        ("gcp", {"os": "amazon-linux-2023"}, "gcp has no images of amazon-linux-2023 (it is on aws)"),
        ("azure", {"os": "amazon-linux-2"}, "azure has no images of amazon-linux-2 (it is on aws)"),
        ("azure", {"os": "rocky-9", "architecture": "arm64"}, "azure has rocky-9 for x86_64 only"),
        ("aws", {"os": "windows-server-2022", "architecture": "arm64"}, "for x86_64 only"),
    ],
)
def test_a_system_of_another_cloud_is_refused_by_name(cloud, image, text):
    group = neutral().replace(template={"image": image, "size": "any"})
    (problem,) = settle(group, cloud).problems
    assert problem.path == "template.image.os"
    assert text in problem.text
    assert not settle(group, "memory").problems
