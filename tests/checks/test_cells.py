"""Each cell of the table of checks by cloud: whether a check applies there, and that its advice is taken there."""

import sys
from pathlib import Path

import pytest

import trimtab as tt
from tests.checks.pages import OFFLINE, snippets
from trimtab.checks import RULES
from trimtab.checks.rule import advised_clouds
from trimtab.declarations import GENERAL, Applies, declarations_of
from trimtab.testing import translate

CLOUDS = ("aws", "azure", "gcp")
CELLS = [(code, cloud) for code in OFFLINE for cloud in CLOUDS]


def advice_on(code, cloud):
    return declarations_of(cloud).advice.get(code, GENERAL)


def codes(fleet, cloud):
    return {finding.code for finding in tt.check_fleet(fleet, provider=cloud)}


def test_the_table_has_a_column_for_each_cloud_and_names_checks_only():
    assert advised_clouds() == CLOUDS
    for cloud in CLOUDS:
        declared = declarations_of(cloud)
        assert {*declared.advice, *declared.checks} <= set(RULES)
        assert all(advice.text for advice in declared.advice.values())


@pytest.mark.parametrize(("code", "cloud"), CELLS)
def test_a_check_finds_its_example_where_it_applies_and_nothing_where_not(code, cloud):
    """The example of a check's page, or one for the cloud, held against the cell."""
    other = EXAMPLES.get((code, cloud))
    fleet = group_of(cloud, other) if other else tt.parse_fleet(snippets(code, "yaml")[0])
    controlled = fleet.model_copy(update={"controller": True})
    applies = advice_on(code, cloud).applies
    assert (code in codes(fleet, cloud)) is (applies is Applies.TO_ALL)
    assert (code in codes(controlled, cloud)) is (applies is not Applies.TO_NONE)


@pytest.mark.parametrize(("code", "cloud"), CELLS)
def test_the_mend_of_a_page_leaves_nothing_to_find_on_any_cloud(code, cloud):
    fleet = tt.parse_fleet(snippets(code, "yaml")[1])
    assert code not in codes(fleet.model_copy(update={"controller": True}), cloud)


EXAMPLES = {
    ("TT202", "azure"): {"alarms": {"full": {"metric": "disk", "above": 90}}},
    ("TT501", "aws"): {"native_name": "web:1"},
    ("TT502", "aws"): {"tags": {"aws:team": "ops"}},
    ("TT502", "azure"): {"tags": {"<team>": "ops"}},
}
"""Where a cloud takes what the example of the page has."""
SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/default"
MACHINES = {
    "aws": {"template": {"image": "ami-0abcdef1234567890", "size": "t3.medium"}},
    "azure": {
        "template": {"image": "Ubuntu2404", "size": "Standard_D2s_v5"},
        "placement": {"subnets": [SUBNET]},
    },
    "gcp": {"template": {"image": "debian-cloud/debian-12", "size": "e2-medium"}},
}
SIZES = {
    "aws": [{"size": "t3.medium"}, {"size": "t3a.medium"}],
    "azure": [{"size": "Standard_D2s_v5"}, {"size": "Standard_D2as_v5"}],
    "gcp": [{"size": "e2-medium"}, {"size": "n2-standard-2"}],
}
FLEXIBLE = {"azure": {"orchestration": "flexible"}}
BALANCER = {"load_balancers": [{"name": "web"}]}
OWN = {"health_check": {"path": "/up", "port": 80, "grace": "10m"}}
ALARMS = {
    "busy": {"metric": "cpu", "above": 70, "triggers": ["out"]},
    "idle": {"metric": "cpu", "below": 50, "triggers": ["back"]},
}
PAIR = {"policies": {"out": {"change": 1, "cooldown": "5m"}, "back": {"change": -1, "cooldown": "5m"}}}
LOWER = {**ALARMS, "idle": {"metric": "cpu", "below": 30, "triggers": ["back"]}}
LONGER = {"policies": {"out": {"change": 1, "cooldown": "10m"}, "back": {"change": -1, "cooldown": "5m"}}}
SLOW = {**PAIR, "alarms": LOWER, "warm_up": "10m"}
KEPT = {"purchase": {"spot": True, "on_demand_base": 0}, **PAIR, "alarms": LOWER}
ADVISED = {
    ("TT102", "aws"): ({**PAIR, "alarms": ALARMS}, {**PAIR, "alarms": LOWER}, "below 34 at most"),
    ("TT102", "azure"): ({**PAIR, "alarms": ALARMS}, {**PAIR, "alarms": LOWER}, "below 34 at most"),
    ("TT105", "aws"): (SLOW, {**SLOW, **LONGER}, "cooldown: 10m"),
    ("TT105", "azure"): (SLOW, {**SLOW, **LONGER}, "cooldown: 10m"),
    ("TT201", "aws"): (BALANCER, {**BALANCER, "health_check": {"by": "load-balancer", "grace": "5m"}}, "load-balancer"),
    ("TT201", "azure"): (BALANCER, {**BALANCER, **OWN}, "`path` and `port`"),
    ("TT201", "gcp"): (BALANCER, {**BALANCER, **OWN}, "path: /up, port: 80"),
    ("TT301", "aws"): (
        {"purchase": {"spot": True, "on_demand_base": 1}},
        {"purchase": {"spot": True, "on_demand_base": 1, "sizes": SIZES["aws"]}},
        "several suitable `sizes`",
    ),
    ("TT301", "azure"): (
        {"purchase": {"spot": True, "on_demand_percent": 0}},
        {"purchase": {"spot": True, "on_demand_percent": 0, "sizes": SIZES["azure"]}, **FLEXIBLE},
        "orchestration: flexible",
    ),
    ("TT301", "gcp"): (
        {"purchase": {"spot": True}, "placement": {"zones": ["europe-west1-b"]}},
        {"purchase": {"spot": True, "sizes": SIZES["gcp"]}},
        "two zones or none",
    ),
    ("TT303", "aws"): (
        {"purchase": {"spot": True, "sizes": SIZES["aws"]}},
        {"purchase": {"spot": True, "sizes": SIZES["aws"], "on_demand_base": 1}},
        "on_demand_base: 1",
    ),
    ("TT303", "azure"): (
        {"purchase": {"spot": True}},
        {"purchase": {"spot": True, "on_demand_percent": 0}},
        "on_demand_percent: 0",
    ),
    ("TT304", "azure"): (
        {**KEPT, "azure": {"eviction": "deallocate"}},
        {**KEPT, "azure": {"eviction": "delete"}},
        "eviction: delete",
    ),
}


def group_of(cloud, fields):
    given = {"name": "web", "capacity": {"min": 1, "max": 3}, **MACHINES[cloud], **fields}
    return tt.Fleet(name="shop", groups=[tt.ScalingGroup.model_validate(given)])


def test_every_cell_of_the_rules_that_differ_is_tried():
    differing = ("TT102", "TT105", "TT201", "TT301", "TT303", "TT304")
    here = {(code, cloud) for code in differing for cloud in CLOUDS if advice_on(code, cloud).applies is Applies.TO_ALL}
    assert set(ADVISED) == here


@pytest.mark.parametrize(("code", "cloud"), ADVISED)
def test_the_advice_of_a_cell_is_taken_by_the_cloud_and_leaves_nothing_to_find(code, cloud):
    before, after, words = ADVISED[code, cloud]
    found = [finding for finding in tt.check_fleet(group_of(cloud, before), provider=cloud) if finding.code == code]
    assert len(found) == 1
    assert words in found[0].mend
    assert code not in codes(group_of(cloud, after), cloud)
    taken = translate(group_of(cloud, after), cloud)
    assert not [problem for problem in taken.problems if not problem.text.startswith("load_balancers")]


UNTRUE = {
    ("TT102", "azure"): "scales in at cpu",
    ("TT105", "azure"): "before a new instance counts",
    ("TT201", "azure"): "only stopped machines are replaced",
    ("TT303", "azure"): "EC2",
    ("TT304", "azure"): "restore_spot",
}


@pytest.mark.parametrize(("code", "cloud"), UNTRUE)
def test_nothing_is_said_of_a_cloud_that_is_not_so_there(code, cloud):
    (finding,) = tt.check_fleet(group_of(cloud, ADVISED[code, cloud][0]), provider=cloud, select=[code])
    assert UNTRUE[code, cloud] not in f"{finding.text}; {finding.mend}"


def test_what_is_so_on_several_clouds_is_one_finding_that_says_each():
    fleet = group_of("aws", BALANCER)
    (finding,) = tt.check_fleet(fleet, select=["TT201"])
    assert "on azure it is" in finding.text
    assert "on gcp it is" in finding.text
    assert "; on azure: set `by: load-balancer`" in finding.mend
    assert "; on gcp: give the group a check of its own" in finding.mend


NOTIFY = {"alarms": {"quiet": {"metric": "cpu", "below": 5, "notify": ["ops@example.org"], "missing": "ignore"}}}
TRIGGER = {**PAIR, "alarms": {**LOWER, "idle": {**LOWER["idle"], "missing": "ignore"}}}


@pytest.mark.parametrize(
    ("fields", "cloud", "said"),
    [
        (NOTIFY, "aws", ""),
        (NOTIFY, "gcp", ""),
        (NOTIFY, "azure", "a metric alert without data does not fire"),
        (TRIGGER, "aws", ""),
        (TRIGGER, "azure", "the size goes up to the default capacity"),
    ],
)
def test_what_is_said_of_missing_data_is_of_what_the_alarm_does(fields, cloud, said):
    """Nobody's size goes anywhere because of an alarm that only tells."""
    notes = [note.text for note in translate(group_of(cloud, fields), cloud).notes if ".missing" in note.text]
    assert len(notes) == bool(said)
    assert all(said in text for text in notes)


def test_the_table_of_the_documentation_has_a_row_for_each_check():
    pytest.importorskip("rich")
    sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
    try:
        from _generate import checks_by_provider
    finally:
        sys.path.pop(0)
    rows = [line for line in checks_by_provider().splitlines() if "](checks/TT" in line]
    assert len(rows) == len(RULES)
    row = next(line for line in rows if "TT304" in line)
    assert [cell.strip().partition(":")[0] for cell in row.strip("|").split("|")][1:] == ["no", "yes", "no"]
