"""
Managed instance groups on Google Cloud: what is missing or too small, what a role must name, many schedules.

https://cloud.google.com/compute/docs/reference/rest/v1
"""

import sys
import threading

import pytest

import trimtab as tt
from tests.found.marks import case
from tests.found.worlds import fleet_of, naming, said

GROUP = """
name: shop
groups:
  web:
    capacity: {min: %s, max: %s}
    template: {image: %s, size: e2-small%s}
"""


def group(more="", *, least=1, most=4, image="debian-cloud/debian-12", template=""):
    return GROUP % (least, most, image, template and f", {template}") + more


def template(**properties):
    """The body of an instance template as somebody else makes one."""
    source = "projects/debian-cloud/global/images/family/debian-12"
    disk = {"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": source, "diskSizeGb": "10"}}
    body = {
        "machineType": "e2-small",
        "disks": [disk],
        "networkInterfaces": [{"network": "global/networks/default"}],
        **properties,
    }
    return {"name": "old", "properties": body}


def disk_of(image="debian-12", size="10"):
    source = f"projects/debian-cloud/global/images/family/{image}"
    return [{"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": source, "diskSizeGb": size}}]


def card(**fields):
    return [fields]


def test_the_plain_group_of_this_file_is_made_and_planned_to_nothing(gcp):
    """What all of these change: the plan and the emulator take it."""
    assert gcp.left(gcp.put(group())) == []
    assert gcp.ask("POST", "global/instanceTemplates", template())[0] == 200


REGIONAL = [
    *(f"compute.regionHealthChecks.{verb}" for verb in ("create", "delete", "get", "update", "useReadOnly")),
    *(f"compute.regionBackendServices.{verb}" for verb in ("get", "update")),
]


class TestPermissions:
    """
    A role for a regional group names the regional families: openshift/machine-api-operator#1523, openshift-docs#119744.

    `compute.regionHealthChecks.*` and `compute.regionBackendServices.*` are families of their own:
    https://cloud.google.com/iam/docs/roles-permissions/compute
    """

    TEXT = group("    health_check: {path: /}\n    load_balancers: [{name: web}]\n")

    @pytest.mark.parametrize("permission", REGIONAL)
    def test_the_role_names_the_permissions_of_the_calls_that_are_made(self, gcp, permission):
        role = gcp.cloud.permissions(fleet_of(self.TEXT))
        assert permission in role["includedPermissions"]

    def test_a_group_without_check_and_balancer_needs_none_of_them(self, gcp):
        role = gcp.cloud.permissions(fleet_of(group()))
        assert not set(REGIONAL) & set(role["includedPermissions"])


class TestParked:
    """
    A group parked at none: hashicorp/terraform-provider-google#18332, GoogleCloudPlatform/magic-modules#11083.

    An autoscaler with minimum and maximum 0 is taken; magic-modules lifted Terraform's own check for it.
    """

    def test_a_group_of_none_is_made_and_planned_to_nothing(self, gcp):
        fleet = fleet_of(group(least=0, most=0))
        assert gcp.cloud.apply(gcp.cloud.plan(fleet), wait="accepted").failures == ()
        assert gcp.left(fleet) == []

    @pytest.mark.parametrize(
        ("bounds", "taken"),
        [
            case((0, 0), True, id="none"),
            case((0, 1), True, id="none-or-one"),
            case((2, 1), False, id="minimum-above-maximum"),
        ],
    )
    def test_the_emulator_takes_an_autoscaler_of_none(self, gcp, bounds, taken):
        gcp.ask("POST", "global/instanceTemplates", template())
        zone = "zones/europe-west1-b"
        manager = {"name": "old", "instanceTemplate": "global/instanceTemplates/old", "targetSize": 0}
        if gcp.ask("POST", f"{zone}/instanceGroupManagers", manager)[0] != 200:
            raise RuntimeError("the group was not made")
        policy = {
            "minNumReplicas": bounds[0],
            "maxNumReplicas": bounds[1],
            "cpuUtilization": {"utilizationTarget": 0.6},
        }
        body = {"name": "old", "target": f"{zone}/instanceGroupManagers/old", "autoscalingPolicy": policy}
        assert (gcp.ask("POST", f"{zone}/autoscalers", body)[0] == 200) is taken


class TestReferences:
    """
    A disk below its image, and a network, subnetwork or image that is not there.

    "Requested disk size cannot be smaller than the image size": digio/terraform-google-gitlab-runner#3,
    NixOS/nixops#1072. 404: GoogleCloudPlatform/terraform-google-managed-instance-group#37, hashicorp/packer#5735.
    """

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            case(group(template="disks: [{size_gb: 5}]"), "template.disks", id="disk-below-its-image"),
            case(group("    placement: {subnets: [nope]}\n"), "placement.subnets", id="no-such-subnetwork"),
            case(group("    placement: {network: nope}\n"), "placement.network", id="no-such-network"),
            case(group(image="debian-cloud/nope"), "template.image", id="no-such-image"),
        ],
    )
    def test_what_resolving_can_see_the_plan_says(self, gcp, text, path):
        assert naming(path, said(gcp.cloud.plan(fleet_of(text))))

    @pytest.mark.parametrize(
        ("properties", "statuses"),
        [
            case({"disks": disk_of(size="5")}, {400}, id="disk-below-its-image"),
            case(
                {"networkInterfaces": card(subnetwork="regions/europe-west1/subnetworks/nope")},
                {400, 404},
                id="no-such-subnetwork",
            ),
            case({"networkInterfaces": card(network="global/networks/nope")}, {400, 404}, id="no-such-network"),
            case({"disks": disk_of(image="nope")}, {400, 404}, id="no-such-image"),
        ],
    )
    def test_the_emulator_refuses_it_too(self, gcp, properties, statuses):
        status, _ = gcp.ask("POST", "global/instanceTemplates", template(**properties))
        assert status in statuses


class TestUnwritten:
    """
    An alert policy on a metric that was never written is NOT_FOUND.

    GoogleCloudPlatform/cloud-foundation-fabric#3739, world-federation-of-advertisers/cross-media-measurement#4350,
    hashicorp/terraform-provider-google#11102.
    """

    JOBS = tt.metrics.custom("shop", "jobs")
    TEXT = group("    alarms: {hot: {metric: {custom: jobs, namespace: shop}, above: 80, notify: [ops@example.org]}}\n")

    def test_an_alarm_on_an_unwritten_metric_is_said_by_the_plan(self, gcp):
        assert naming("alarms.hot.metric", said(gcp.cloud.plan(fleet_of(self.TEXT))))

    def test_the_emulator_refuses_an_alert_policy_on_an_unwritten_metric(self, gcp):
        fleet = fleet_of(self.TEXT)
        failures = gcp.cloud.apply(gcp.cloud.plan(fleet), wait="accepted").failures
        assert [text for text in failures if "alert-policy" in text and "NOT_FOUND" in text], failures
        assert [kind for _, kind, *_ in gcp.left(fleet)] == ["alert-policy"]

    def test_the_alarm_is_made_once_the_metric_was_written(self, gcp):
        fleet = fleet_of(self.TEXT)
        gcp.cloud.apply(gcp.cloud.plan(fleet), wait="accepted")
        gcp.clock.advance(tt.minutes(5))
        gcp.testing.push(self.JOBS, group="web", value=1)
        gcp.clock.advance(tt.minutes(10))
        assert gcp.cloud.apply(gcp.cloud.plan(fleet), wait="accepted").failures == ()
        assert gcp.left(fleet) == []


class TestMeaningOfSchedules:
    """
    Of several schedules the greatest minimum wins, and none goes below the autoscaler's own minimum.

    https://cloud.google.com/compute/docs/autoscaler/scaling-schedules. The two forms are of public Terraform files.
    """

    SCHEDULES = group(
        "    policies: {hold: {type: target-tracking, metric: cpu, target: 70}}\n"
        "    schedules:\n"
        "      early: {cron: 0 9 * * 0-5, zone: UTC, duration: 1d, min: 10}\n"
        "      late: {cron: 0 18 * * %s, zone: UTC, duration: 1d, min: %d}\n",
        least=2,
        most=20,
    )

    @pytest.mark.parametrize(
        ("days", "minimum", "least"),
        [
            case("6-7", 3, 10),
            case("6-7", 12, 12),
        ],
    )
    def test_the_greatest_minimum_holds_or_the_difference_is_said(self, gcp, days, minimum, least):
        """On Sunday evening both are open: weekends with 3, Sunday morning's with 10."""
        text = self.SCHEDULES % (days, minimum)
        if naming("schedules.", said(gcp.cloud.plan(fleet_of(text)))):
            return
        gcp.clock.advance(tt.hours(6 * 24 + 8))
        if gcp.clock.now().strftime("%a %H") != "Sun 20":
            raise RuntimeError("it is not Sunday evening")
        gcp.put(text, wait="stable")
        assert gcp.cloud.group("web").read().desired >= least

    def test_no_schedule_lowers_the_minimum_or_the_difference_is_said(self, gcp):
        """A minimum of 0 at night beside a group's own of 2."""
        text = self.SCHEDULES.replace("min: 10", "min: 4") % ("1-5", 0)
        if naming("schedules.", said(gcp.cloud.plan(fleet_of(text)))):
            return
        gcp.put(text)
        gcp.clock.advance(tt.hours(8))
        policy = gcp.ask("GET", "regions/europe-west1/autoscalers/shop-web")[1]["autoscalingPolicy"]
        assert policy["minNumReplicas"] == 2
        assert gcp.cloud.group("web").read().min >= 2


def test_a_grace_without_a_health_check_is_sent_or_named(gcp):
    """
    Deployment Manager's regional group has an initial delay without a check.

    https://cloud.google.com/compute/docs/instance-groups/autohealing-instances-in-migs (initialDelaySec)
    """
    plan = gcp.cloud.plan(fleet_of(group("    health_check: {grace: 77s}\n")))
    sent = [field.new for change in plan.changes for field in change.fields]
    assert naming("health_check.grace", said(plan)) or 77 in sent


def work_of(act):
    """How many Python functions are called while something is done, in all threads: the same on every machine."""
    calls = [0]

    def count(frame, event, argument):
        calls[0] += event == "call"

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls[0]


class TestManySchedules:
    """
    The work of check and plan grows with the number of schedules, not with its square.

    Compute Engine takes 128 of an autoscaler:
    https://cloud.google.com/compute/docs/autoscaler/scaling-schedules#limitations
    """

    @staticmethod
    def fleet(number, hour):
        lines = [f'      s{i}: {{cron: "{i} {hour} * * *", zone: UTC, duration: 1h, min: 2}}\n' for i in range(number)]
        policy = "    policies: {hold: {type: target-tracking, metric: cpu, target: 60}}\n"
        return fleet_of(group(policy + "    schedules:\n" + "".join(lines)))

    @pytest.mark.parametrize(
        "verb",
        [
            case("check"),
            case("plan"),
        ],
    )
    def test_three_times_the_schedules_are_at_most_five_times_the_work(self, gcp, verb):
        act = {"check": lambda fleet: list(tt.check_fleet(fleet, provider="gcp")), "plan": gcp.cloud.plan}[verb]
        act(self.fleet(3, 2))  # what is loaded once is not counted; no cron is used twice, so that none is kept
        few, many = self.fleet(3, 4), self.fleet(9, 6)
        assert work_of(lambda: act(many)) <= 5 * work_of(lambda: act(few))
