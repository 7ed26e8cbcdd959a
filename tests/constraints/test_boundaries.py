"""What a cloud just takes is planned and made; what it just refuses is refused by the plan and at the door."""

import re

import pytest
import yaml

import trimtab as tt
from tests.constraints.cases import CASES, TOPIC, group_of
from tests.found.worlds import PUBLIC_KEY, make_by_arn
from tests.laws import sampled
from trimtab.errors import ConfigError
from trimtab.providers.translation import GroupTranslator

pytestmark = pytest.mark.sweep
EACH = [pytest.param(cloud, case, id=f"{cloud}-{case.name}") for cloud, cases in CASES.items() for case in cases]


def cloud_of(each):
    return each.values[0]


@pytest.fixture
def account(request, cloud, case):
    account = request.getfixturevalue(cloud)
    if cloud == "aws":  # what a case names has to be there
        account.client("ec2").import_key_pair(KeyName="ops", PublicKeyMaterial=PUBLIC_KEY)
        made = set(re.findall(rf"{TOPIC}\w+|arn:aws:iam::\d+:role/hooks", str(case)))
        make_by_arn(account.client, *sorted(made))
    return account


def fleet_of(cloud, case, value):
    text = yaml.safe_dump({"name": "shop", "groups": {"web": group_of(cloud, case, value)}}, allow_unicode=True)
    return tt.parse_fleet(text, name="fleet.yaml", env={})


@pytest.mark.parametrize(("cloud", "case"), sampled(EACH, 15, "made", per=cloud_of))
def test_what_a_cloud_just_takes_is_planned_and_made(account, cloud, case):
    fleet = fleet_of(cloud, case, case.good)
    plan = account.cloud.plan(fleet)
    assert not plan.problems, plan.problems
    done = account.cloud.apply(plan, wait="accepted")
    assert not done.failures, done.failures


@pytest.mark.parametrize(("cloud", "case"), sampled(EACH, 45, "refused", per=cloud_of))
def test_what_a_cloud_just_refuses_the_plan_refuses_by_its_field(account, cloud, case):
    try:
        problems = [str(problem) for problem in account.cloud.plan(fleet_of(cloud, case, case.bad)).problems]
    except ConfigError as error:
        problems = [str(problem) for problem in error.problems]
    named = [problem for problem in problems if case.field in problem]
    assert named, problems
    assert all(problem.startswith("fleet.yaml:") for problem in named), named


@pytest.mark.parametrize(
    ("cloud", "case"), sampled([each for each in EACH if each.values[1].door], 15, "door", per=cloud_of)
)
def test_what_a_cloud_just_refuses_its_emulator_refuses(account, cloud, case, monkeypatch):
    monkeypatch.setattr(GroupTranslator, "_refuse", lambda translator, resources: None)
    plan = account.cloud.plan(fleet_of(cloud, case, case.bad))
    assert not plan.problems, plan.problems
    done = account.cloud.apply(plan, wait="accepted")
    assert done.failures
