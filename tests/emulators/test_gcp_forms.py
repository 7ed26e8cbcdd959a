"""What clients of Google send: fields that are null, links in every form, filters, sizes and places, and refusals."""

import json
from typing import Any

import pytest
from gcp_bench import MACHINE, PREFIX, PROJECT, REGION, ZONE, Gcp, Refused
from google.api_core import exceptions

from trimtab.emulators.gcp.managers import check_size
from trimtab.emulators.gcp.published import PUBLISHED
from trimtab.emulators.gcp.regions import EVERY_ZONE, ZONES

MANAGER = f"zones/{ZONE}/instanceGroupManagers"


def refusal(gcp: Gcp, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    """Status, reason and message with which a call is refused."""
    with pytest.raises(Refused) as refused:
        gcp.ask(method, path, body)
    return refused.value.status, refused.value.reason, str(refused.value)


class TestNulls:
    """In JSON a null is a field left out; in a patch it takes the field away (RFC 7396, AIP-134)."""

    def test_a_new_thing_does_not_have_what_is_null(self, gcp: Gcp) -> None:
        gcp.make_template()
        body = {
            "name": "web",
            "targetSize": 0,
            "description": None,
            "instanceTemplate": "global/instanceTemplates/web",
            "versions": None,
            "autoHealingPolicies": None,
            "updatePolicy": {"type": "PROACTIVE", "maxSurge": None},
            "distributionPolicy": None,
        }
        gcp.ask("POST", MANAGER, body)
        made = gcp.ask("GET", f"{MANAGER}/web")
        assert None not in made.values()
        assert "description" not in made
        assert made["updatePolicy"]["maxSurge"]["fixed"] == 1

    def test_so_it_is_in_lists_and_templates(self, gcp: Gcp) -> None:
        card = {"network": "global/networks/default", "subnetwork": None, "accessConfigs": None}
        gcp.make_template("odd", networkInterfaces=[card], labels=None, scheduling=None)
        properties = gcp.ask("GET", "global/instanceTemplates/odd")["properties"]
        assert "null" not in json.dumps(properties)
        assert properties["scheduling"]["provisioningModel"] == "STANDARD"

    def test_a_patch_takes_a_field_away(self, gcp: Gcp) -> None:
        gcp.ask("POST", "global/healthChecks", {"name": "alive", "type": "TCP", "tcpHealthCheck": {"port": 80}})
        gcp.make_template()
        healing = [{"healthCheck": "global/healthChecks/alive", "initialDelaySec": 60}]
        path = gcp.make_group(autoHealingPolicies=healing, description="shop")
        gcp.ask("PATCH", path, {"autoHealingPolicies": None, "description": None})
        after = gcp.ask("GET", path)
        assert "autoHealingPolicies" not in after
        assert "description" not in after

    def test_a_patch_goes_deep(self, gcp: Gcp) -> None:
        gcp.make_template()
        group = gcp.make_group()
        gcp.make_autoscaler(group, scaleInControl={"timeWindowSec": 600, "maxScaledInReplicas": {"fixed": 1}})
        change = {"scaleInControl": None, "cpuUtilization": {"utilizationTarget": 0.5, "predictiveMethod": None}}
        gcp.ask("PATCH", f"zones/{ZONE}/autoscalers?autoscaler=web", {"autoscalingPolicy": change})
        policy = gcp.ask("GET", f"zones/{ZONE}/autoscalers/web")["autoscalingPolicy"]
        assert "scaleInControl" not in policy
        assert policy["cpuUtilization"] == {"utilizationTarget": 0.5, "predictiveMethod": "NONE"}
        assert policy["maxNumReplicas"] == 10

    def test_in_a_put_it_is_left_out(self, gcp: Gcp) -> None:
        gcp.make_template()
        scaler = gcp.make_autoscaler(gcp.make_group(), coolDownPeriodSec=90)
        body = gcp.ask("GET", scaler)
        body["autoscalingPolicy"].update(coolDownPeriodSec=None, scalingSchedules=None)
        gcp.ask("PUT", f"zones/{ZONE}/autoscalers?autoscaler=web", {**body, "description": None})
        after = gcp.ask("GET", scaler)
        assert after["autoscalingPolicy"]["coolDownPeriodSec"] == 60
        assert "null" not in json.dumps(after)

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({"versions": None, "instanceTemplate": None}, "required"),
            ({"name": None, "description": "x"}, None),
            ({"targetSize": None}, None),
            (None, None),
        ],
    )
    def test_what_a_group_cannot_be_without(self, gcp: Gcp, body: Any, reason: str | None) -> None:
        gcp.make_template()
        path = gcp.make_group()
        if reason:
            assert refusal(gcp, "PATCH", path, body)[:2] == (400, reason)
        else:
            gcp.ask("PATCH", path, body)
        assert gcp.ask("GET", path)["name"] == "web"

    def test_an_autoscaler_without_a_policy(self, gcp: Gcp) -> None:
        gcp.make_template()
        gcp.make_autoscaler(gcp.make_group())
        where = f"zones/{ZONE}/autoscalers?autoscaler=web"
        assert refusal(gcp, "PATCH", where, {"autoscalingPolicy": None})[:2] == (400, "invalid")

    @pytest.mark.parametrize(
        ("path", "body"),
        [(MANAGER, {"name": "x", "targetSize": 1}), (MANAGER, {"name": "x", "targetSize": None}), (MANAGER, None)],
    )
    def test_a_required_field_that_is_null_is_missing(self, gcp: Gcp, path: str, body: Any) -> None:
        """The sentence and reason of kubernetes/kops#2132."""
        status, reason, text = refusal(gcp, "POST", path, body)
        assert (status, reason) == (400, "required")
        assert "Required field 'resource." in text


class TestLinks:
    @pytest.mark.parametrize(
        "form",
        [
            "{full}global/instanceTemplates/web",
            "https://compute.googleapis.com/compute/v1/projects/trimtab/global/instanceTemplates/web",
            "https://www.googleapis.com/compute/beta/projects/trimtab/global/instanceTemplates/web",
            "//compute.googleapis.com/projects/trimtab/global/instanceTemplates/web",
            "projects/trimtab/global/instanceTemplates/web",
            "global/instanceTemplates/web",
        ],
    )
    def test_a_template_by_link_in_whole_and_in_part(self, gcp: Gcp, form: str) -> None:
        gcp.make_template()
        path = gcp.make_group(size=0, instanceTemplate=form.format(full=PREFIX))
        assert gcp.ask("GET", path)["instanceTemplate"] == f"{PREFIX}global/instanceTemplates/web"

    @pytest.mark.parametrize("form", ["{full}zones/{zone}", "projects/trimtab/zones/{zone}", "zones/{zone}"])
    def test_a_zone_by_link_in_whole_and_in_part(self, gcp: Gcp, form: str) -> None:
        gcp.make_template()
        zones = {"zones": [{"zone": form.format(full=PREFIX, zone=ZONE)}]}
        path = gcp.make_group(size=1, place=f"regions/{REGION}", distributionPolicy=zones)
        assert [one["zone"] for one in gcp.ask("GET", path)["distributionPolicy"]["zones"]] == [f"{PREFIX}zones/{ZONE}"]

    @pytest.mark.parametrize("form", ["web", "instanceTemplates/web", "http:web"])
    def test_a_bare_name_is_no_link(self, gcp: Gcp, form: str) -> None:
        gcp.make_template()
        body = {"name": "web", "targetSize": 0, "instanceTemplate": form}
        status, reason, text = refusal(gcp, "POST", MANAGER, body)
        assert (status, reason) == (400, "invalid")
        assert "The URL is malformed." in text

    @pytest.mark.parametrize("form", ["{full}{path}", "projects/trimtab/{path}", "{path}"])
    def test_the_target_of_an_autoscaler(self, gcp: Gcp, form: str) -> None:
        gcp.make_template()
        path = gcp.make_group(size=1)
        policy = {"maxNumReplicas": 3}
        body = {"name": "web", "target": form.format(full=PREFIX, path=path), "autoscalingPolicy": policy}
        gcp.ask("POST", f"zones/{ZONE}/autoscalers", body)
        assert gcp.ask("GET", f"zones/{ZONE}/autoscalers/web")["target"] == f"{PREFIX}{path}"

    def test_a_text_that_looks_like_a_link_in_no_way_is_kept(self, gcp: Gcp) -> None:
        gcp.make_template()
        path = gcp.make_group(size=0, description="the zones of europe / regions too")
        assert gcp.ask("GET", path)["description"] == "the zones of europe / regions too"


class TestPlaces:
    @pytest.mark.parametrize(
        ("path", "kind", "given"),
        [
            ("zones/europe-west1/instanceGroupManagers", "zone", "europe-west1"),
            ("zones/mars-a/autoscalers", "zone", "mars-a"),
            ("zones/mars-a/machineTypes", "zone", "mars-a"),
            ("zones/mars-a/instanceGroupManagers/web", "zone", "mars-a"),
            ("regions/europe-west1-b/instanceGroupManagers", "region", "europe-west1-b"),
            ("regions/global/subnetworks", "region", "global"),
        ],
    )
    def test_a_place_that_there_is_not(self, gcp: Gcp, path: str, kind: str, given: str) -> None:
        """inspec/inspec-gcp#301, hashicorp/terraform-provider-google#11281, GoogleCloudPlatform/terraformer#1928."""
        status, reason, text = refusal(gcp, "GET", path)
        assert (status, reason) == (400, "invalid")
        assert f"Invalid value for field '{kind}': '{given}'. Unknown {kind}." in text

    def test_what_is_no_name_at_all(self, gcp: Gcp) -> None:
        _, _, text = refusal(gcp, "GET", "zones/Europe_West/instanceGroupManagers")
        assert "Must be a match of regex" in text

    def test_the_sdk_is_refused_a_group_there(self, gcp: Gcp) -> None:
        gcp.make_template()
        body = {"name": "web", "target_size": 1, "instance_template": "global/instanceTemplates/web"}
        with pytest.raises(exceptions.BadRequest, match="Unknown zone"):
            gcp.client("InstanceGroupManagers").insert(
                project=PROJECT, zone="us-central-1a", instance_group_manager_resource=body
            )

    @pytest.mark.parametrize("place", ["zones/asia-southeast3-b", "regions/me-central2", "zones/us-central1-ai1a"])
    def test_a_group_in_any_of_them(self, gcp: Gcp, place: str) -> None:
        gcp.make_template()
        path = gcp.make_group(size=2, place=place)
        found = gcp.ask("POST", f"{path}/listManagedInstances")["managedInstances"]
        assert len(found) == 2
        inside = gcp.ask("GET", "aggregated/instanceGroupManagers?filter=name%20=%20web")["items"][place]
        assert [one["name"] for one in inside["instanceGroupManagers"]] == ["web"]

    @pytest.mark.parametrize(("zone", "why"), [("mars-a", "Unknown zone"), ("us-east1-b", "not in region")])
    def test_zones_of_another_region(self, gcp: Gcp, zone: str, why: str) -> None:
        gcp.make_template()
        zones = {"zones": [{"zone": f"zones/{zone}"}]}
        body = {"name": "web", "targetSize": 1, "instanceTemplate": "global/instanceTemplates/web"}
        where = f"regions/{REGION}/instanceGroupManagers"
        assert why in refusal(gcp, "POST", where, {**body, "distributionPolicy": zones})[2]

    def test_the_network_of_a_new_project_is_in_every_region(self, gcp: Gcp) -> None:
        found = gcp.ask("GET", "aggregated/subnetworks")["items"]
        blocks = [one["ipCidrRange"] for scope in found.values() for one in scope.get("subnetworks", ())]
        assert len(set(blocks)) == len(blocks) == len(ZONES)
        assert len(set(EVERY_ZONE)) == len(EVERY_ZONE)


@pytest.fixture(scope="class")
def shop(running_gcp: Gcp) -> Gcp:
    """Groups that the tests of a class share."""
    running_gcp.doors.reset()
    running_gcp.make_template()
    for name in ("web-1", "web-2", "api-1", "job"):
        running_gcp.make_group(name, 1 if name == "job" else 0)
    return running_gcp


class TestFilters:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("name = web-1", ["web-1"]),
            ("name=web-1", ["web-1"]),
            ('name="web-1"', ["web-1"]),
            ("name='web-1'", ["web-1"]),
            ("(name = web-1)", ["web-1"]),
            ("name eq web-.*", ["web-1", "web-2"]),
            ("name eq (web|api)-.*", ["api-1", "web-1", "web-2"]),
            ('name eq "(web|api)-1"', ["api-1", "web-1"]),
            ("name ne web-.*", ["api-1", "job"]),
            ("(name eq web-.*) (name ne .*-2)", ["web-1"]),
            ("name = web-* AND NOT name = web-2", ["web-1"]),
            ("targetSize > 0", ["job"]),
            ("targetSize=1", ["job"]),
            (f"zone eq .*/{ZONE}", ["api-1", "job", "web-1", "web-2"]),
            ("status.isStable = true AND name:web", ["web-1", "web-2"]),
        ],
    )
    def test_a_filter_with_quotes_and_without(self, shop: Gcp, text: str, names: list[str]) -> None:
        request = {"project": PROJECT, "zone": ZONE, "filter": text}
        assert [one.name for one in shop.client("InstanceGroupManagers").list(request=request)] == names

    @pytest.mark.parametrize("text", ["name%20%3D%20web-1", "name =", "= web", "name eq (web", "name ~ web"])
    def test_what_is_none_is_refused(self, shop: Gcp, text: str) -> None:
        """An expression that was encoded twice is none: the API decodes a query once."""
        with pytest.raises(exceptions.BadRequest, match="Invalid list filter expression"):
            list(shop.client("InstanceGroupManagers").list(request={"project": PROJECT, "zone": ZONE, "filter": text}))

    def test_a_list_may_be_in_part(self, shop: Gcp) -> None:
        """Today's gcloud asks for it with every list: `returnPartialSuccess`."""
        for place in (f"zones/{ZONE}", "aggregated"):
            assert "items" in shop.ask("GET", f"{place}/instanceGroupManagers?returnPartialSuccess=true")
        with pytest.raises(Refused, match="Cannot bind query parameter"):
            shop.ask("GET", f"zones/{ZONE}?returnPartialSuccess=true")


class TestResize:
    @pytest.mark.parametrize(
        ("size", "reason", "why"),
        [
            ("1001", "invalid", "Must be less than or equal to 1000"),
            ("-1", "invalid", "Must be greater than or equal to 0"),
            ("many", "invalid", "Invalid value for field 'size'"),
            ("", "invalid", "Invalid value for field 'size'"),
        ],
    )
    def test_a_size_that_a_group_cannot_have(self, gcp: Gcp, size: str, reason: str, why: str) -> None:
        gcp.make_template()
        path = gcp.make_group(size=2)
        status, given, text = refusal(gcp, "POST", f"{path}/resize?size={size}")
        assert (status, given) == (400, reason)
        assert why in text
        assert gcp.ask("GET", path)["targetSize"] == 2

    def test_no_size_at_all(self, gcp: Gcp) -> None:
        gcp.make_template()
        path = gcp.make_group(size=2)
        assert refusal(gcp, "POST", f"{path}/resize")[:2] == (400, "required")

    def test_a_group_that_lists_in_pages_may_be_twice_as_large(self, gcp: Gcp) -> None:
        """https://cloud.google.com/compute/docs/samples/compute-zonal-instance-group-manager-paginated-tag."""
        gcp.make_template()
        path = gcp.make_group(size=0, listManagedInstancesResults="PAGINATED")
        assert "2000" in refusal(gcp, "POST", f"{path}/resize?size=2001")[2]
        for manager, most in (({}, 1000), (gcp.ask("GET", path), 2000)):
            check_size(manager, f"zones/{ZONE}", most, "size")

    @pytest.mark.parametrize(("place", "most"), [(f"zones/{ZONE}", 1000), (f"regions/{REGION}", 2000)])
    def test_so_it_is_for_a_new_group(self, gcp: Gcp, place: str, most: int) -> None:
        gcp.make_template()
        body = {"name": "web", "targetSize": most + 1, "instanceTemplate": "global/instanceTemplates/web"}
        status, reason, text = refusal(gcp, "POST", f"{place}/instanceGroupManagers", body)
        assert (status, reason) == (400, "invalid")
        assert f"'resource.targetSize': '{most + 1}'" in text

    @pytest.mark.parametrize(("mode", "refused"), [("ON", True), ("ONLY_UP", True), ("OFF", False)])
    def test_a_regional_group_whose_size_an_autoscaler_owns(self, gcp: Gcp, mode: str, refused: bool) -> None:
        """terraform-google-modules/terraform-google-vm#64 has the status, the reason and the sentence."""
        gcp.make_template()
        path = gcp.make_group(size=3, place=f"regions/{REGION}")
        gcp.make_autoscaler(path, mode=mode, minNumReplicas=3)
        request = {"project": PROJECT, "region": REGION, "instance_group_manager": "web", "size": 5}
        resize = gcp.client("RegionInstanceGroupManagers").resize
        if not refused:
            resize(request=request).result()
            return
        with pytest.raises(exceptions.PreconditionFailed, match="Resizing of autoscaled regional") as caught:
            resize(request=request)
        assert [one["reason"] for one in caught.value.errors] == ["conditionNotMet"]


FAMILIES = (
    "debian-cloud/debian-13",
    "ubuntu-os-cloud/ubuntu-2604-lts-amd64",
    "ubuntu-os-cloud/ubuntu-1604-lts",
    "ubuntu-os-pro-cloud/ubuntu-pro-2204-lts",
    "rocky-linux-cloud/rocky-linux-10-optimized-gcp",
    "rhel-cloud/rhel-9-arm64",
    "centos-cloud/centos-stream-10",
    "almalinux-cloud/almalinux-9",
    "oracle-linux-cloud/oracle-linux-9",
    "suse-cloud/sles-15",
    "opensuse-cloud/opensuse-leap",
    "fedora-coreos-cloud/fedora-coreos-stable",
    "cos-cloud/cos-121-lts",
    "windows-cloud/windows-2022-core",
    "windows-sql-cloud/sql-std-2022-win-2022",
)
"""One of each project that is named most."""


class TestImages:
    @pytest.mark.parametrize("link", FAMILIES)
    def test_an_image_of_the_usual_projects(self, gcp: Gcp, link: str) -> None:
        project, family = link.split("/")
        image = gcp.client("Images").get_from_family(project=project, family=family)
        assert image.architecture == ("ARM64" if "arm64" in family else "X86_64")
        source = f"projects/{project}/global/images/family/{family}"
        gcp.make_template("one", disks=[{"boot": True, "initializeParams": {"sourceImage": source}}])

    @pytest.mark.parametrize(
        "form",
        [
            "{full}debian-cloud/global/images/family/debian-12",
            "https://compute.googleapis.com/compute/v1/projects/debian-cloud/global/images/family/debian-12",
            "projects/debian-cloud/global/images/debian-12-bookworm-v20251209",
            "projects/trimtab/global/images/golden",
            "global/images/golden",
            "global/images/family/own",
        ],
    )
    def test_an_image_by_link_in_whole_and_in_part(self, gcp: Gcp, form: str) -> None:
        gcp.ask("POST", "global/images", {"name": "golden", "family": "own"})
        source = form.format(full="https://www.googleapis.com/compute/v1/projects/")
        gcp.make_template("one", disks=[{"boot": True, "initializeParams": {"sourceImage": source}}])
        disk = gcp.ask("GET", "global/instanceTemplates/one")["properties"]["disks"][0]
        assert disk["initializeParams"]["sourceImage"] == source

    @pytest.mark.parametrize(
        "name",
        [
            "projects/suse-cloud/global/images/sles-15-sp5-v20240202-x86-64",
            "projects/cos-cloud/global/images/cos-stable-117-18613-164-4",
            "projects/centos-cloud/global/images/centos-7-v20200910",
            "projects/fedora-coreos-cloud/global/images/fedora-coreos-38-20230322-3-0-gcp-x86-64",
        ],
    )
    def test_an_older_one_by_its_name(self, gcp: Gcp, name: str) -> None:
        gcp.make_template("one", disks=[{"boot": True, "initializeParams": {"sourceImage": name}}])

    def test_one_that_there_never_was(self, gcp: Gcp) -> None:
        source = "projects/debian-cloud/global/images/family/debian-99"
        properties = {**MACHINE, "disks": [{"boot": True, "initializeParams": {"sourceImage": source}}]}
        assert refusal(gcp, "POST", "global/instanceTemplates", {"name": "x", "properties": properties})[0] == 400

    def test_each_is_published_once(self) -> None:
        assert len({(image.project, image.name) for image in PUBLISHED}) == len(PUBLISHED)
