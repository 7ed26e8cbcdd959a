"""What today's clients of Azure send: versions, filters, ids, places and sizes, and what is refused of them."""

import json
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from azure_bench import CPU, GROUP, SET_KIND, Azure, code, failure
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import examples

from trimtab.emulators.azure.calls import ArmRequest, ArmRoute
from trimtab.emulators.azure.regions import REGIONS, ZONAL
from trimtab.emulators.azure.routes import ROUTES
from trimtab.emulators.azure.routing import GROUP as GROUP_PATH
from trimtab.emulators.azure.routing import check_version
from trimtab.emulators.shared.errors import ServiceError

AZ = [
    ("Microsoft.Compute/virtualMachineScaleSets", "2024-11-01"),
    ("Microsoft.Compute/virtualMachineScaleSets", "2026-04-01"),
    ("Microsoft.Compute/virtualMachineScaleSets/web", "2023-09-01"),
    ("Microsoft.Compute/virtualMachineScaleSets/web/instanceView", "2024-11-01"),
    ("Microsoft.Compute/virtualMachineScaleSets/web/virtualMachines", "2025-04-01"),
    ("Microsoft.Compute/virtualMachineScaleSets/web/networkInterfaces", "2023-09-01"),
    ("Microsoft.Compute/virtualMachines", "2024-11-01"),
    ("Microsoft.Compute/proximityPlacementGroups", "2024-07-01"),
    ("Microsoft.Compute/capacityReservationGroups", "2022-08-01"),
    ("Microsoft.Compute/diskEncryptionSets", "2023-04-02"),
    ("Microsoft.Compute/galleries", "2021-10-01"),
    ("Microsoft.Compute/galleries", "2026-03-03"),
    ("Microsoft.Compute/images", "2024-11-01"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "2025-05-31-preview"),
    ("Microsoft.Network/virtualNetworks", "2022-01-01"),
    ("Microsoft.Network/virtualNetworks", "2025-07-01"),
    ("Microsoft.Network/loadBalancers", "2023-04-01"),
    ("Microsoft.Network/applicationGateways", "2025-07-01"),
    ("Microsoft.Network/applicationSecurityGroups", "2021-08-01"),
    ("Microsoft.Network/publicIPAddresses", "2025-09-01"),
    ("Microsoft.Network/networkInterfaces", "2023-11-01"),
    ("Microsoft.Insights/autoscalesettings", "2022-10-01"),
    ("Microsoft.Insights/metricAlerts", "2018-03-01"),
    ("Microsoft.Insights/actionGroups", "2024-10-01-preview"),
    ("Microsoft.Compute/virtualMachineScaleSets/web/providers/Microsoft.Insights/metrics", "2018-01-01"),
    ("Microsoft.Compute/virtualMachineScaleSets/web/providers/Microsoft.Insights/metrics", "2023-10-01"),
    (
        "Microsoft.Compute/virtualMachineScaleSets/web/providers/Microsoft.Insights/metricNamespaces",
        "2017-12-01-preview",
    ),
]
"""Reads of azure-cli 2.91, in the versions in which it makes them."""


def listed(text: str, word: str) -> list[str]:
    """The list that a refusal has behind a word."""
    return [each.strip() for each in text.partition(f"{word} '")[2].partition("'")[0].split(",")]


@pytest.fixture(scope="class")
def shop(running_azure: Azure) -> Azure:
    """A scale set that the tests of a class share."""
    running_azure.doors.reset()
    running_azure.make_ground()
    running_azure.make_set()
    return running_azure


class TestVersions:
    @pytest.mark.parametrize(("path", "version"), AZ)
    def test_what_the_command_line_reads_is_answered(self, shop: Azure, path: str, version: str) -> None:
        reply = shop.ask("GET", path, version=version)
        assert (reply.status, reply.body.get("error")) == (200, None)

    @pytest.mark.parametrize("version", ["2026-03-01", "2025-05-01", "2018-10-01", "2014-12-01-preview"])
    def test_every_published_version_of_a_network_is_taken(self, shop: Azure, version: str) -> None:
        assert shop.ask("GET", "Microsoft.Network/virtualNetworks/net", version=version).status == 200

    @pytest.mark.parametrize("version", ["2024-11-01", "2024-07-02", "2999-01-01", "2024-07-01-preview"])
    def test_a_version_that_a_type_does_not_have_is_refused_with_those_that_it_has(
        self, shop: Azure, version: str
    ) -> None:
        reply = shop.ask("GET", "Microsoft.Network/virtualNetworks/net", version=version)
        error = reply.body["error"]
        assert (reply.status, error["code"]) == (400, "NoRegisteredProviderFound")
        assert "for location 'eastus'" in error["message"]
        assert "for type 'virtualNetworks'" in error["message"]
        known = listed(error["message"], "api-versions are")
        assert version not in known
        assert {"2024-07-01", "2026-03-01"} <= set(known)
        assert set(listed(error["message"], "locations are")) == REGIONS

    def test_without_a_place_it_is_the_type_that_is_not_found(self, shop: Azure) -> None:
        path = f"/subscriptions/{shop.emulator.subscription}/providers/Microsoft.Network/virtualNetworks"
        reply = shop.ask("GET", path, version="2024-11-01")
        assert (reply.status, reply.body["error"]["code"]) == (404, "InvalidResourceType")
        assert "2024-07-01" in listed(reply.body["error"]["message"], "api-versions are")

    def test_resource_manager_has_versions_of_its_own(self, shop: Azure) -> None:
        assert shop.ask("GET", shop.group_id, version="2025-04-01").status == 200
        reply = shop.ask("GET", shop.group_id, version="2026-04-01")
        assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidApiVersionParameter")
        assert "2024-11-01" in listed(reply.body["error"]["message"], "supported versions are")

    def test_the_versions_of_each_type_are_in_order_and_one_each(self) -> None:
        for route in ROUTES:
            assert list(route.versions) == sorted(set(route.versions), key=lambda text: text.ljust(18, "~")), route.path

    def test_the_types_of_the_contract_are_taken_in_their_versions(self, shared: Any) -> None:
        """The type files of Microsoft.Compute and Microsoft.Insights at hand name a version each."""
        versions = {route.type.lower(): route.versions for route in ROUTES if route.path.startswith(GROUP_PATH)}
        for file in (shared / "contracts/azure/bicep-types").glob("*.types.json"):
            text = file.read_text(encoding="utf-8")
            for each in json.loads(text):
                if each["$type"] == "ResourceType":
                    kind, _, version = each["name"].lower().partition("@")
                    assert version in versions.get(kind, (version,)), each["name"]


class TestIds:
    @pytest.mark.parametrize(
        "form",
        [
            "/subscriptions/{sub}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web",
            "/subscriptions/{sub}/resourcegroups/SHOP/providers/microsoft.compute/virtualmachinescalesets/WEB",
            "/Subscriptions/{sub}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web/",
            "//subscriptions/{sub}/resourceGroups/shop//providers/Microsoft.Compute/virtualMachineScaleSets/web",
            "/subscriptions/{sub}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/%77eb",
        ],
    )
    def test_one_thing_in_every_spelling(self, shop: Azure, form: str) -> None:
        reply = shop.ask("GET", form.format(sub=shop.emulator.subscription))
        assert reply.body["id"] == shop.id_of(SET_KIND, "web")

    @pytest.mark.parametrize(
        "kind", [SET_KIND, "Microsoft.Network/virtualNetworks", "Microsoft.Compute/virtualMachines"]
    )
    def test_lists_of_the_subscription_name_no_group(self, shop: Azure, kind: str) -> None:
        for path in (
            f"/subscriptions/{shop.emulator.subscription}/providers/{kind}/",
            f"{shop.group_id}/providers/{kind}",
        ):
            assert shop.ask("GET", path).status == 200

    def test_one_thing_without_its_group_is_not_found(self, shop: Azure) -> None:
        reply = shop.ask("GET", f"/subscriptions/{shop.emulator.subscription}/providers/{SET_KIND}/web")
        assert reply.status == 404

    @pytest.mark.parametrize("change", [str.upper, str.lower, lambda text: f"{text}/"])
    def test_a_body_may_refer_in_any_spelling(self, shop: Azure, change: Any) -> None:
        body = shop.set_body(0)
        card = body["properties"]["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"][0]
        card["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = change(shop.subnet)
        assert shop.ask("PUT", f"{SET_KIND}/spelled", body).status in (200, 201)


class TestFilters:
    def flexible(self, azure: Azure) -> str:
        azure.make_set("flex", azure.flexible_body(2))
        azure.make_set("other", azure.flexible_body(1))
        return azure.id_of(SET_KIND, "flex")

    @pytest.mark.parametrize(
        "form",
        [
            "'virtualMachineScaleSet/id' eq '{id}'",
            "virtualMachineScaleSet/id eq '{id}'",
            "'virtualMachineScaleSet/id' eq {id}",
            "  virtualMachineScaleSet/id  EQ  {id}  ",
        ],
    )
    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_the_machines_of_a_scale_set_however_they_are_asked_for(self, azure: Azure, form: str, times: int) -> None:
        text = form.format(id=self.flexible(azure).lower())
        for _ in range(times):
            text = quote(text, safe="")
        reply = azure.ask("GET", f"Microsoft.Compute/virtualMachines?$filter={text}&$expand=instanceView")
        assert [each["name"].startswith("flex") for each in reply.body["value"]] == [True, True]

    def test_another_filter_is_refused(self, azure: Azure) -> None:
        reply = azure.ask("GET", "Microsoft.Compute/virtualMachines?$filter=name%20eq%20'web'")
        assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidParameter")

    @pytest.mark.parametrize("quoted", [True, False])
    @pytest.mark.parametrize("twice", [True, False])
    def test_the_activity_log_as_the_command_line_asks(self, azure: Azure, quoted: bool, twice: bool) -> None:
        """`az monitor activity-log list` writes its times without quotes."""
        azure.make_set()
        mark = "'" if quoted else ""
        begin, end = "2026-01-01T00:00:00.000001", "2026-02-01T00:00:00"
        text = f"eventTimestamp ge {mark}{begin}{mark} and eventTimestamp le {mark}{end}{mark}"
        text = quote(f"{text} and resourceGroupName eq '{GROUP}'", safe="")
        path = f"/subscriptions/{azure.emulator.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
        sent = quote(text, safe="") if twice else text
        found = azure.ask("GET", f"{path}?$filter={sent}", version="2015-04-01").body["value"]
        assert {each["resourceGroupName"] for each in found} == {GROUP}

    @pytest.mark.parametrize(
        "text", ["VMName eq 'web_0'", "VMName eq web_0", "'VMName' eq 'web_0'", quote("VMName eq 'web_0'", safe="")]
    )
    def test_the_dimension_of_a_metric(self, azure: Azure, text: str) -> None:
        azure.make_set()
        for name in ("web_0", "web_1"):
            azure.measure(50, dimensions={"VMName": name})
        found = list(
            azure.monitor.metrics.list(azure.id_of(SET_KIND, "web"), metricnames=CPU, filter=text).value[0].timeseries
        )
        assert [part.value for each in found for part in each.metadatavalues] == ["web_0"]

    def test_brackets_are_encoded_twice(self, azure: Azure) -> None:
        """https://learn.microsoft.com/cli/azure/monitor/metrics: `dim %2528test%2529 1 eq '*'`."""
        azure.make_set()
        azure.measure(50, dimensions={"dim (test) 1": "a"})
        where = f"{SET_KIND}/web/providers/Microsoft.Insights/metrics?metricnames={quote(CPU)}"
        reply = azure.ask(
            "GET", f"{where}&$filter={quote(chr(39).join(['dim %2528test%2529 1 eq ', '*', '']))}", version="2018-01-01"
        )
        assert [
            part["name"]["value"] for each in reply.body["value"][0]["timeseries"] for part in each["metadatavalues"]
        ] == ["dim (test) 1"]

    @pytest.mark.parametrize(
        "text", ["properties/latestModelApplied eq true", "'properties/latestModelApplied' eq true"]
    )
    def test_the_instances_on_the_newest_model(self, azure: Azure, text: str) -> None:
        azure.make_set(capacity=2)
        assert len(azure.instances(filter=text)) == 2
        assert code(lambda: azure.instances(filter="properties/latestModelApplied eq maybe")) == "InvalidParameter"


class TestRegions:
    @pytest.mark.parametrize("place", ["westus3", "denmarkeast", "New Zealand North", "SOUTHINDIA", "eastus2euap"])
    def test_a_scale_set_may_be_in_any_region(self, azure: Azure, place: str) -> None:
        made = azure.make_set("far", {**azure.set_body(1), "location": place})
        assert made.location == place.replace(" ", "").lower()

    @pytest.mark.parametrize("place", ["mars", "us-east-1", "chinanorth2", "usgovvirginia"])
    def test_another_place_is_refused_with_all_that_there_are(self, azure: Azure, place: str) -> None:
        error = failure(azure.make_set, "far", {**azure.set_body(1), "location": place}).error
        assert error.code == "LocationNotAvailableForResourceType"
        assert f"'{place}' is not available for resource type '{SET_KIND}'" in error.message
        assert set(listed(error.message, "resource type is")) == REGIONS

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("Microsoft.Network/virtualNetworks/far", {}),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/far", {}),
            ("Microsoft.Insights/actionGroups/far", {"properties": {"groupShortName": "far", "enabled": True}}),
        ],
    )
    def test_so_is_every_kind_of_resource(self, azure: Azure, path: str, body: dict[str, Any]) -> None:
        version = "2023-01-01" if "actionGroups" in path else "usual"
        reply = azure.ask("PUT", path, {**body, "location": "mars"}, version=version)
        assert (reply.status, reply.body["error"]["code"]) == (400, "LocationNotAvailableForResourceType")

    def test_a_metric_alert_is_in_none(self, azure: Azure) -> None:
        azure.make_set()
        assert code(azure.make_alert, "hot", {**azure.alert_body(), "location": "eastus"}) == (
            "LocationNotAvailableForResourceType"
        )

    def test_a_resource_group_has_a_place_and_keeps_it(self, azure: Azure) -> None:
        path = f"/subscriptions/{azure.emulator.subscription}/resourceGroups/far"
        codes = [
            azure.ask("PUT", path, body).body.get("error", {}).get("code")
            for body in ({"location": "mars"}, {}, {"location": "West Europe"}, {"location": "eastus"})
        ]
        assert codes == [
            "LocationNotAvailableForResourceGroup",
            "LocationRequired",
            None,
            "InvalidResourceGroupLocation",
        ]

    def test_the_images_of_a_place_that_there_is_not(self, azure: Azure) -> None:
        images = azure.compute.virtual_machine_images
        assert [each.name for each in images.list_publishers("swedencentral")]
        assert code(images.list_publishers, "mars") == "NoRegisteredProviderFound"

    @pytest.mark.parametrize(
        ("place", "zones", "taken"), [("eastus", "123", True), ("westus", "1", False), ("eastus", "4", False)]
    )
    def test_zones_are_where_a_region_has_them(self, azure: Azure, place: str, zones: str, taken: bool) -> None:
        body = {**azure.set_body(0, zones=tuple(zones)), "location": place}
        reply = azure.ask("PUT", f"{SET_KIND}/zonal", body)
        if taken:
            assert reply.status == 201
            return
        assert reply.body["error"]["code"] == "AvailabilityZoneNotSupported"
        assert (
            f"The zone(s) '{zones}' for resource '{SET_KIND}/zonal' is not supported" in reply.body["error"]["message"]
        )

    def test_the_regions_with_zones_are_regions(self) -> None:
        assert ZONAL < REGIONS
        assert all(name == name.lower() and name.isalnum() for name in REGIONS)


class TestSizes:
    @pytest.mark.parametrize(
        ("size", "single", "expected"),
        [
            (100, True, None),
            (101, True, "OperationNotAllowed"),
            (1001, False, "OperationNotAllowed"),
            (-1, False, "InvalidParameter"),
        ],
    )
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_a_size_that_a_scale_set_cannot_have(
        self, azure: Azure, size: int, single: bool, expected: str | None, method: str
    ) -> None:
        azure.doors.configure(boot_seconds=1e6)
        body = azure.set_body(0, singlePlacementGroup=single)
        azure.make_set(body=body)
        sku = {"name": "Standard_D2s_v5", "capacity": size}
        sent = {**body, "sku": sku} if method == "PUT" else {"sku": sku}
        reply = azure.ask(method, f"{SET_KIND}/web", sent)
        assert (reply.body.get("error") or {}).get("code") == expected
        if expected == "OperationNotAllowed":
            assert reply.status == 409
            limit = 100 if single else 1000
            assert f"'web' as it exceeds the total limit of '{limit}'" in reply.body["error"]["message"]
        assert azure.size() == (size if expected is None else 0)

    def test_what_is_no_number_is_no_size(self, azure: Azure) -> None:
        azure.make_set(capacity=1)
        reply = azure.ask("PATCH", f"{SET_KIND}/web", {"sku": {"name": "Standard_D2s_v5", "capacity": "many"}})
        assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidRequestContent")


class TestImages:
    @pytest.mark.parametrize(
        ("urn", "system"),
        [
            ("Canonical:ubuntu-22_04-lts:server", "Linux"),
            ("Canonical:UbuntuServer:16.04-LTS", "Linux"),
            ("Canonical:0001-com-ubuntu-minimal-jammy:minimal-22_04-lts-gen2", "Linux"),
            ("Debian:debian-13:13-gen2", "Linux"),
            ("RedHat:RHEL:9_4", "Linux"),
            ("SUSE:openSUSE-leap-15-4:gen2", "Linux"),
            ("kinvolk:flatcar-container-linux-free:stable-gen2", "Linux"),
            ("almalinux:almalinux-x86_64:9-gen2", "Linux"),
            ("resf:rockylinux-x86_64:9-base", "Linux"),
            ("Oracle:Oracle-Linux:ol94-lvm-gen2", "Linux"),
            ("microsoftazurelinux:azurelinux-4:4", "Linux"),
            ("MicrosoftWindowsServer:WindowsServer:2019-datacenter-gensecond", "Windows"),
            ("MicrosoftWindowsServer:WindowsServer:2022-datacenter-azure-edition", "Windows"),
            ("MicrosoftSQLServer:sql2022-ws2022:standard-gen2", "Windows"),
        ],
    )
    def test_an_image_of_the_usual_catalogues(self, azure: Azure, urn: str, system: str) -> None:
        publisher, offer, sku = urn.split(":")
        images = azure.compute.virtual_machine_images
        newest = images.list("westeurope", publisher, offer, sku, orderby="name desc", top=1)[0].name
        image = images.get("westeurope", publisher, offer, sku, newest)
        assert image.os_disk_image.operating_system == system
        assert image.architecture == ("Arm64" if "arm" in sku else "x64")


DAYS = st.dates(min_value=date(2013, 1, 1), max_value=date(2027, 1, 1)).map(date.isoformat)
VERSIONED = st.sampled_from([route for route in ROUTES if route.versions])


@settings(max_examples=examples())
@given(VERSIONED.flatmap(lambda route: st.tuples(st.just(route), DAYS | st.sampled_from(route.versions))))
def test_a_version_is_taken_or_refused_with_a_list_that_lacks_it(asked: tuple[ArmRoute, str]) -> None:
    route, version = asked
    request = ArmRequest(route.method, route.path, {"api-version": version}, {}, b"", route)
    if version in route.versions:
        check_version(request, route, "eastus")
        return
    with pytest.raises(ServiceError) as refused:
        check_version(request, route, "eastus")
    word = "supported versions are" if "providers" not in route.path else "api-versions are"
    known = listed(refused.value.message, word)
    assert version not in known
    assert route.versions[-1] in known
