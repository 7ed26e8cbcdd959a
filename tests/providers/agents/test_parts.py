"""Parts of a start script: what each cloud gets, what cloud-init finds there, what an import reads back."""

from typing import get_args

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.providers.agents.composed import found_by_cloud_init
from trimtab.config.dumping import dump_fleet
from trimtab.errors import ConfigError, InvalidModel
from trimtab.models.script_size import MAX_BYTES
from trimtab.models.template import Agent
from trimtab.providers.agents import archive_of, compose, read_back
from trimtab.providers.bodies import start_data, start_fields
from trimtab.testing import translate

WORDS = get_args(Agent)
PARTS = ("#!/bin/sh\necho one\n", "#cloud-config\npackages: [nginx]", "#!/bin/sh\necho ñ")
FOUND = [
    ["text/x-shellscript", "part-001", PARTS[0]],
    ["text/cloud-config", "part-002", PARTS[1]],
    ["text/x-shellscript", "part-003", PARTS[2]],
]
FILE = """\
name: shop
groups:
  web:
    capacity: {min: 1, max: 2}
    template:
      image: {os: ubuntu-24.04}
      size: s
      variables: {package: nginx}
      user_data_parts:
        - file: setup.sh
        - |
          #cloud-config
          packages: [{{ package }}]
"""


def fleet_with(image, **template):
    group = make_group("web", template=tt.InstanceTemplate(image=image, size="s", **template))
    return make_fleet(group)


def said_of(provider, image):
    done = translate(fleet_with(image, user_data_parts=PARTS), provider)
    problems, notes = (
        [note.text.partition(": ")[2] for note in each if note.text.startswith("template.user_data_parts: ")]
        for each in (done.problems, done.notes)
    )
    return problems, notes


@pytest.mark.parametrize("words", [(), WORDS])
@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_cloud_init_finds_the_parts_in_their_order(provider, words):
    found = found_by_cloud_init(compose(None, words, provider, parts=PARTS, most=16384))
    agents = found.pop(0)[1] if words else "00-trimtab-agents.sh"
    assert agents == "00-trimtab-agents.sh"
    assert [each[::2] for each in found] == [each[::2] for each in FOUND]
    names = [each[1] for each in found]
    assert names == sorted(names), "scripts run in the order of their names"
    assert names[0] > agents


@pytest.mark.parametrize("words", [(), ("node-exporter",), WORDS])
@pytest.mark.parametrize("parts", [PARTS[:1], PARTS])
def test_parts_are_read_back(parts, words):
    made = compose(None, words, "aws", parts=parts, most=16384)
    assert read_back(made) == (tuple(sorted(words)), None, parts)
    whole = {"agents": sorted(words)} if words else {}
    assert start_fields(made) == {**whole, "user_data_parts": list(parts)}


def test_an_archive_that_has_lost_a_part_is_none_of_ours():
    made = archive_of(PARTS)
    assert read_back(made.replace("Parts: 3", "Parts: 2")) is None
    assert start_fields(made.replace("Parts: 3", "Parts: 2"))["user_data"].startswith("Content-Type: multipart/mixed")


def test_what_is_too_large_for_aws_is_gzipped():
    template = fleet_with("i", user_data_parts=["#!/bin/sh\n" + "# nothing\n" * 2000, PARTS[1]])["web"].template
    made = start_data(template, "aws", most=16384)
    assert len(made) <= 16384
    assert tuple(start_fields(made)["user_data_parts"]) == template.user_data_parts


def test_google_gets_the_agents_as_a_script_and_the_parts_for_cloud_init():
    image = tt.Image(os="ubuntu-24.04")
    done = translate(fleet_with(image, user_data_parts=PARTS, agents=["node-exporter"]), "gcp")
    body = next(each.body for each in done.resources if each.key.kind == "instance-template")
    items = {item["key"]: item["value"].value for item in body["properties"]["metadata"]["items"]}
    assert read_back(items["startup-script"]) == (("node-exporter",), None, ())
    assert items["user-data"] == archive_of(PARTS)


@pytest.mark.parametrize(
    ("image", "problem", "note"),
    [
        (tt.Image(os="ubuntu-22.04"), "", ""),
        ("cos-cloud/cos-stable", "", ""),
        ("debian-cloud/debian-12", "the Debian images here have none", ""),
        ("my-own", "", "takes an image with cloud-init"),
        (tt.Image(os="windows-server-2022"), "Windows has none", ""),
    ],
)
def test_google_says_which_images_have_no_cloud_init(image, problem, note):
    problems, notes = said_of("gcp", image)
    assert (bool(problem), bool(note)) == (len(problems) == 1, len(notes) == 1)
    assert all(problem in text for text in problems)
    assert all(note in text for text in notes)


@pytest.mark.parametrize("provider", ["aws", "azure"])
def test_only_windows_has_no_cloud_init_elsewhere(provider):
    assert said_of(provider, tt.Image(os="debian-12")) == ([], [])
    assert len(said_of(provider, tt.Image(os="windows-server-2022"))[0]) == 1


def test_google_keeps_the_key_for_the_parts():
    done = translate(fleet_with("cos-cloud/cos-stable", user_data_parts=PARTS, metadata={"user-data": "x"}), "gcp")
    assert any("trimtab writes user-data from `template.user_data_parts`" in note.text for note in done.problems)
    alone = translate(fleet_with("cos-cloud/cos-stable", metadata={"user-data": "x"}), "gcp")
    assert not any("user-data" in note.text for note in alone.problems)


def test_a_file_takes_parts_from_files_and_is_written_back(tmp_path):
    (tmp_path / "setup.sh").write_text("#!/bin/sh\necho ${HOME}\n")
    fleet = tt.parse_fleet(FILE, directory=tmp_path)
    template = fleet["web"].template
    assert template.render_user_data_parts() == ("#!/bin/sh\necho ${HOME}\n", "#cloud-config\npackages: [nginx]\n")
    assert tt.parse_fleet(dump_fleet(fleet), env={}) == fleet
    assert "HOME" not in repr(template)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("setup.sh", "none.sh", "group web, template.user_data_parts.0.file: none.sh"),
        (
            "#cloud-config",
            "packages",
            "group web, template.user_data_parts.1: cloud-init tells a part by its first line",
        ),
        ("#cloud-config", "\ufeff#cloud-config", "user_data_parts.1: the part begins with a byte order mark"),
        (
            "#cloud-config",
            "# of the shop\n\n          #cloud-config",
            "user_data_parts.1: cloud-init tells a part by its first line, and its form stands in line 3; move",
        ),
        ("{{ package }}", "{{ other }}", "the start script needs a variable that is not given"),
        ("      size: s\n", "      size: s\n      user_data: x\n", "give `user_data` or `user_data_parts`, not both"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(tmp_path, old, new, text):
    (tmp_path / "setup.sh").write_text("#!/bin/sh\n")
    with pytest.raises(ConfigError) as raised:
        tt.parse_fleet(FILE.replace(old, new), directory=tmp_path)
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("#cloud-configx\npackages: [nginx]\n", "note"),
        ("#cloud-config # of the shop\npackages: [nginx]\n", ""),
        ("#cloud-config-archive\n- {content: x}\n", ""),
        ("#includes\nhttps://example.org/\n", "note"),
        ("#!/bin/sh\r\necho\r\n", ""),  # which cloud-init's `dos2unix` mends
        ("#cloud-config\r\npackages: [nginx]\r\n", ""),
        ("## template: jinja\n{% set a = 1 %}\n\n#cloud-config\nruncmd: [ls]\n", ""),
        ("## template: jinja\n#part-handler\n", "problem"),
    ],
)
def test_what_cloud_init_takes_otherwise_than_it_reads_is_said(part, said):
    done = translate(fleet_with("ami-1", user_data_parts=[PARTS[0], part]), "aws")
    found = {
        kind: [each.text for each in notes if each.text.startswith("template.user_data_parts.1: ")]
        for kind, notes in (("problem", done.problems), ("note", done.notes))
    }
    assert {kind for kind, texts in found.items() if texts} == {said} - {""}
    assert "nginx" not in str(found)


@pytest.mark.parametrize("part", ["\ufeff", " \n", "\ufeff\n\n"])
def test_a_part_without_text_is_empty(part):
    with pytest.raises(InvalidModel, match="the part is empty"):
        fleet_with("i", user_data_parts=[PARTS[0], part])


def test_parts_are_no_larger_together_than_a_script():
    half = "#!/bin/sh\n" + "#" * (MAX_BYTES // 2)
    with pytest.raises(InvalidModel, match="larger than 256 KiB"):
        fleet_with("i", user_data_parts=[half, half])
