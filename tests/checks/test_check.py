"""Which rules are asked, in what order findings come, and what a finding says."""

import pytest

import trimtab as tt
from tests.checks.conftest import make_fleet
from trimtab.checks import RULES

FILE = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 2}
    template: {image: ami-1, size: t3.medium}
    load_balancers: [shop-web]
    policies:
      out: {change: 1, cooldown: 5m}
  api:
    capacity: {min: 2, max: 6}
    template: {image: ami-1, size: t3.medium}
    load_balancers: [shop-api]
"""


@pytest.fixture
def fleet():
    return tt.parse_fleet(FILE)


def codes(findings):
    return [(finding.group, finding.code) for finding in findings]


def test_findings_come_by_group_and_code(fleet):
    assert codes(tt.check_fleet(fleet)) == [("web", "TT104"), ("web", "TT108"), ("web", "TT201"), ("api", "TT201")]


def test_the_same_fleet_gets_the_same_findings(fleet):
    assert tt.check_fleet(fleet) == tt.check_fleet(tt.parse_fleet(FILE))


@pytest.mark.parametrize(
    ("select", "ignore", "left"),
    [
        (["TT1"], [], ["TT104", "TT108"]),
        (["TT108", "TT2"], [], ["TT108", "TT201"]),
        ([], ["TT1"], ["TT201"]),
        (["TT1"], ["TT104"], ["TT108"]),
        (["TT"], ["TT"], []),
    ],
)
def test_codes_and_how_they_begin_choose_rules(fleet, select, ignore, left):
    found = tt.check_fleet(fleet, select=select, ignore=ignore)
    assert sorted({finding.code for finding in found}) == left


@pytest.mark.parametrize("wrong", ["TT999", "tt1", "", "X"])
@pytest.mark.parametrize("argument", ["select", "ignore"])
def test_a_code_that_there_is_not_is_an_error_that_lists_those_there_are(fleet, argument, wrong):
    with pytest.raises(tt.errors.ConfigError) as caught:
        tt.check_fleet(fleet, **{argument: [wrong]})
    assert repr(wrong) in str(caught.value)
    assert all(code in str(caught.value) for code in RULES)


def test_a_provider_that_there_is_not_is_an_error(fleet):
    with pytest.raises(tt.errors.ConfigError, match=r"'ec2'.*memory, aws, azure, gcp"):
        tt.check_fleet(fleet, provider="ec2")


def test_a_finding_knows_its_line_in_the_file(fleet):
    found = {finding.code: finding for finding in tt.check_fleet(fleet) if finding.group == "web"}
    assert str(found["TT104"].position) == "fleet.yaml:4"
    assert str(found["TT108"].position) == "fleet.yaml:8"
    assert str(found["TT201"].position) == "fleet.yaml:3"  # the field is left out: the group around it


def test_a_finding_of_a_fleet_made_in_python_has_no_line():
    (finding,) = tt.check_fleet(make_fleet(load_balancers=["shop-web"]))
    assert finding.position is None
    assert "source" not in finding.to_dict()


def test_a_finding_as_text_and_as_data(fleet):
    finding = tt.check_fleet(fleet, select=["TT108"])[0]
    assert str(finding) == "TT108 group web, policies.out: no alarm triggers it, so it acts only by hand"
    data = finding.to_dict()
    assert data["page"].endswith("/checks/TT108.html")
    assert (data["code"], data["group"], data["path"], data["source"]) == (
        "TT108",
        "web",
        "policies.out",
        "fleet.yaml:8",
    )


def test_a_finding_does_not_change(fleet):
    with pytest.raises(AttributeError):
        tt.check_fleet(fleet)[0].code = "TT1"


def test_an_empty_fleet_has_nothing_to_find():
    assert tt.check_fleet(tt.Fleet(name="shop", groups=())) == ()
