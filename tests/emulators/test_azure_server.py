import json
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure_bench import GROUP, SET_KIND, START, Azure, clients_for, code, failure

from trimtab.clock import ManualClock
from trimtab.emulators import AzureEmulator, ControlClient, DoorError
from trimtab.emulators.azure.routes import ROUTES

OPERATIONS = "VirtualMachineScaleSets"


def read(azure: Azure) -> Any:
    return azure.compute.virtual_machine_scale_sets.get(GROUP, "web")


def names(azure: Azure) -> list[str]:
    return [each.name for each in azure.compute.virtual_machine_scale_sets.list(GROUP)]


class TestServing:
    def test_it_listens_on_loopback_only(self, azure: Azure) -> None:
        assert azure.emulator.endpoint.startswith("http://127.0.0.1:")

    def test_two_emulators_in_one_process_share_nothing(self, azure: Azure) -> None:
        azure.make_set()
        with AzureEmulator() as other:
            compute, _ = clients_for(other)
            assert list(compute.virtual_machine_scale_sets.list_all()) == []

    def test_stopping_twice_is_fine(self) -> None:
        emulator = AzureEmulator()
        emulator.stop()
        emulator.stop()

    def test_it_follows_the_clock_that_it_was_given(self) -> None:
        clock = ManualClock(START)
        with AzureEmulator(clock=clock) as emulator:
            clock.advance(timedelta(minutes=3))
            assert emulator.doors.now() == START + timedelta(minutes=3)

    def test_reset_wipes_state_faults_log_settings_and_clock(self, azure: Azure) -> None:
        azure.make_set()
        azure.doors.fault("denied", times=None)
        azure.doors.configure(boot_seconds=60)
        azure.doors.reset()
        assert list(azure.compute.virtual_machine_scale_sets.list_all()) == []
        assert azure.doors.list_faults() == []
        assert azure.doors.count()["total"] == 1
        assert azure.doors.configure()["boot_seconds"] == 0
        assert azure.doors.now() > START + timedelta(days=1)

    def test_the_environment_names_address_and_subscription(self, azure: Azure) -> None:
        assert azure.emulator.environment == {
            "AZURE_RESOURCE_MANAGER_URL": azure.emulator.endpoint,
            "AZURE_SUBSCRIPTION_ID": azure.emulator.subscription,
            "AZURE_DEFAULTS_GROUP": "trimtab",
            "AZURE_DEFAULTS_LOCATION": "westeurope",
        }

    def test_it_runs_from_the_command_line_until_a_signal_comes(self) -> None:
        command = [sys.executable, "-m", "trimtab.emulators", "azure"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            endpoint = line.strip().removeprefix("AZURE_RESOURCE_MANAGER_URL=")
            assert ControlClient(endpoint).list_faults() == []
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0


class TestRequests:
    def test_paths_are_without_case(self, azure: Azure) -> None:
        azure.make_set()
        path = azure.id_of(SET_KIND, "WEB").upper().replace("/SUBSCRIPTIONS", "/Subscriptions")
        assert azure.ask("GET", path, version="2026-04-01").body["name"] == "web"

    def test_a_call_names_who_asks(self, azure: Azure) -> None:
        reply = azure.ask("GET", "Microsoft.Network/virtualNetworks/net", headers={"Authorization": ""})
        assert reply.status == 401
        assert reply.body["error"]["code"] == "AuthenticationFailed"
        assert reply.headers["WWW-Authenticate"].startswith("Bearer ")

    def test_a_call_names_its_version(self, azure: Azure) -> None:
        reply = azure.ask("GET", "Microsoft.Network/virtualNetworks/net", version=None)
        assert (reply.status, reply.body["error"]["code"]) == (400, "MissingApiVersionParameter")

    @pytest.mark.parametrize(
        ("version", "expected"),
        [("2999-01-01", "NoRegisteredProviderFound"), ("soon", "InvalidApiVersionParameter")],
    )
    def test_a_version_that_there_is_not(self, azure: Azure, version: str, expected: str) -> None:
        reply = azure.ask("GET", "Microsoft.Network/virtualNetworks/net", version=version)
        assert (reply.status, reply.body["error"]["code"]) == (400, expected)

    def test_another_subscription_is_not_found(self, azure: Azure) -> None:
        reply = azure.ask("GET", "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups")
        assert (reply.status, reply.body["error"]["code"]) == (404, "SubscriptionNotFound")

    def test_a_kind_that_there_is_not(self, azure: Azure) -> None:
        reply = azure.ask("GET", "Microsoft.Compute/teapots/one")
        assert (reply.status, reply.body["error"]["code"]) == (404, "InvalidResourceType")

    def test_what_is_no_json_is_refused(self, azure: Azure) -> None:
        reply = azure.ask("PUT", f"{SET_KIND}/web", text="{", version="2026-04-01")
        assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidRequestContent")

    def test_every_reply_has_its_number(self, azure: Azure) -> None:
        first, second = (azure.ask("GET", f"/subscriptions/{azure.emulator.subscription}/resourceGroups") for _ in "ab")
        assert first.headers["x-ms-request-id"] != second.headers["x-ms-request-id"]

    def test_the_calls_left_are_counted_down_and_come_back(self, azure: Azure) -> None:
        azure.make_set()
        path = azure.id_of(SET_KIND, "web")
        left = [azure.ask("GET", path, version="2026-04-01").headers["x-ms-ratelimit-remaining-resource"] for _ in "ab"]
        assert left == [
            f"Microsoft.Compute/GetVMScaleSet3Min;{399 - more},Microsoft.Compute/GetVMScaleSet30Min;{2599 - more}"
            for more in (1, 2)
        ]
        azure.doors.advance(timedelta(minutes=3))
        later = azure.ask("GET", path, version="2026-04-01").headers["x-ms-ratelimit-remaining-resource"]
        assert later.startswith("Microsoft.Compute/GetVMScaleSet3Min;399,")

    def test_the_log_has_operation_names_of_the_vendor(self, azure: Azure) -> None:
        azure.make_set()
        calls = [(call.service, call.operation, call.status, call.write) for call in azure.doors.requests()]
        assert calls == [
            ("compute", f"{OPERATIONS}_CreateOrUpdate", 201, True),
            ("compute", "Operations_Get", 200, False),
            ("compute", f"{OPERATIONS}_Get", 200, False),
        ]


class TestContract:
    def test_every_route_has_the_version_that_the_sdk_asks_for(self, shared: Any) -> None:
        """The operations that the SDK has too: same method, same path, same version of the API."""
        known = json.loads((shared / "contracts/azure/sdk-operations.json").read_text())["operations"]
        wanted = {
            (each["method"], blank(each["path"])): each["api_version"]
            for groups in known.values()
            for operations in groups.values()
            for each in operations.values()
        }
        ours = {(route.method, blank(route.path)): route.versions for route in ROUTES}
        both = set(wanted) & set(ours)
        assert len(both) > 60
        assert [(place, wanted[place]) for place in both if wanted[place] not in ours[place]] == []

    @pytest.mark.parametrize(
        ("change", "expected", "where"),
        [
            ({"colour": "red"}, "InvalidRequestContent", "properties.colour"),
            ({"overprovision": "yes"}, "InvalidRequestContent", "properties.overprovision"),
            ({"orchestrationMode": "Loose"}, "InvalidParameter", "properties.orchestrationMode"),
            ({"virtualMachineProfile": {"priority": "Cheap"}}, "InvalidParameter", "virtualMachineProfile.priority"),
            ({"scaleInPolicy": {"rules": ["Oldest"]}}, "InvalidParameter", "scaleInPolicy.rules[0]"),
        ],
    )
    def test_a_scale_set_is_checked_against_the_models_of_the_sdk(
        self, azure: Azure, change: dict[str, Any], expected: str, where: str
    ) -> None:
        body = azure.set_body()
        body["properties"].update(change)
        reply = azure.ask("PUT", f"{SET_KIND}/web", body, version="2026-04-01")
        assert (reply.status, reply.body["error"]["code"]) == (400, expected)
        assert where in reply.body["error"]["message"]

    def test_a_patch_is_checked_too(self, azure: Azure) -> None:
        azure.make_set()
        reply = azure.ask("PATCH", f"{SET_KIND}/web", {"properties": {"colour": 1}}, version="2026-04-01")
        assert (reply.status, reply.body["error"]["code"]) == (400, "InvalidRequestContent")

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"profilez": []}, "InvalidRequestContent"),
            ({"enabled": "true"}, "InvalidRequestContent"),
            ({"profiles": None}, "InvalidParameter"),
            ({"predictiveAutoscalePolicy": {"scaleMode": "Sometimes"}}, "InvalidParameter"),
        ],
    )
    def test_an_autoscale_setting_is_checked(self, azure: Azure, change: dict[str, Any], expected: str) -> None:
        body = azure.setting_body(**change)
        reply = azure.ask("PUT", "Microsoft.Insights/autoscalesettings/web", body, version="2022-10-01")
        assert (reply.status, reply.body["error"]["code"]) == (400, expected)

    def test_what_only_the_service_writes_is_refused_by_the_type_files(self, azure: Azure, shared: Any) -> None:
        body = azure.set_body()
        body["properties"]["provisioningState"] = "Succeeded"
        reply = azure.ask("PUT", f"{SET_KIND}/web", body, version="2026-04-01")
        assert reply.body["error"]["message"] == "The property 'properties.provisioningState' is read-only."

    def test_a_missing_required_field_is_named(self, azure: Azure) -> None:
        body = azure.set_body()
        del body["location"]
        reply = azure.ask("PUT", f"{SET_KIND}/web", body, version="2026-04-01")
        assert reply.body["error"]["target"] == "location"


class TestFaults:
    CALLS = (
        lambda azure: azure.compute.virtual_machine_scale_sets.get(GROUP, "web"),
        lambda azure: azure.monitor.autoscale_settings.get(GROUP, "web"),
        lambda azure: azure.monitor.metric_alerts.get(GROUP, "hot"),
    )

    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize(
        ("kind", "status", "expected"),
        [
            ("throttle", 429, "TooManyRequests"),
            ("error500", 500, "InternalServerError"),
            ("denied", 403, "AuthorizationFailed"),
        ],
    )
    def test_refusals(self, azure: Azure, call: Any, kind: str, status: int, expected: str) -> None:
        azure.doors.fault(kind)
        error = failure(call, azure)
        assert (error.status_code, error.error.code) == (status, expected)

    def test_a_throttled_call_is_told_when_to_come_back(self, azure: Azure) -> None:
        azure.doors.configure(retry_after=17)
        azure.doors.fault("throttle")
        reply = azure.ask("GET", f"{SET_KIND}/web", version="2026-04-01")
        assert (reply.status, reply.headers["Retry-After"]) == (429, "17")

    def test_timeout_before_has_no_effect(self, azure: Azure) -> None:
        azure.doors.fault("timeout_before", operation=f"{OPERATIONS}_CreateOrUpdate")
        with pytest.raises(ServiceResponseError):
            azure.make_set()
        assert names(azure) == []

    def test_timeout_after_has_its_effect(self, azure: Azure) -> None:
        azure.doors.fault("timeout_after", operation=f"{OPERATIONS}_CreateOrUpdate")
        with pytest.raises(ServiceResponseError):
            azure.make_set()
        assert names(azure) == ["web"]

    def test_write_only_spares_reads_and_polls(self, azure: Azure) -> None:
        azure.make_set()
        azure.doors.fault("throttle", write_only=True)
        assert read(azure).name == "web"
        assert code(azure.scale, 3) == "TooManyRequests"

    def test_contains_looks_into_path_and_body(self, azure: Azure) -> None:
        azure.doors.fault("denied", operation="*_CreateOrUpdate", contains="Standard_D4s_v5")
        azure.make_set("small")
        large = azure.set_body()
        large["sku"]["name"] = "Standard_D4s_v5"
        assert code(azure.make_set, "large", large) == "AuthorizationFailed"

    def test_stale_answers_what_was_true_when_the_rule_was_set(self, azure: Azure) -> None:
        azure.make_set("one")
        assert names(azure) == ["one"]
        azure.doors.fault("stale", operation=f"{OPERATIONS}_List")
        azure.make_set("two")
        assert names(azure) == ["one"]
        assert names(azure) == ["one", "two"]

    def test_stale_is_nothing_for_what_nobody_asked_before(self, azure: Azure) -> None:
        azure.ask("PUT", f"{SET_KIND}/one", azure.set_body(), version="2026-04-01")
        azure.doors.faults([{"kind": "stale", "operation": f"{OPERATIONS}_{name}"} for name in ("List", "Get")])
        assert names(azure) == []
        assert code(azure.get_set, "one") == "ResourceNotFound"

    def test_a_held_write_has_its_effect_when_it_is_let_go(self, azure: Azure) -> None:
        azure.doors.fault("hold_before", operation=f"{OPERATIONS}_CreateOrUpdate")
        thread = threading.Thread(target=azure.make_set)
        thread.start()
        hold = azure.doors.wait_for_hold()
        assert (hold.service, hold.operation) == ("compute", f"{OPERATIONS}_CreateOrUpdate")
        assert names(azure) == []
        azure.doors.release(hold)
        thread.join()
        assert names(azure) == ["web"]

    def test_a_dropped_hold_gets_no_reply(self, azure: Azure) -> None:
        azure.doors.fault("hold_after", operation=f"{OPERATIONS}_CreateOrUpdate")
        caught: list[Exception] = []

        def act() -> None:
            try:
                azure.make_set()
            except ServiceResponseError as error:
                caught.append(error)

        thread = threading.Thread(target=act)
        thread.start()
        azure.doors.release(azure.doors.wait_for_hold(), drop=True)
        thread.join()
        assert len(caught) == 1
        assert names(azure) == ["web"]


class TestOperations:
    def test_one_is_over_at_the_first_poll(self, azure: Azure) -> None:
        body = azure.set_body()
        reply = azure.ask("PUT", f"{SET_KIND}/web", body, version="2026-04-01")
        assert "Retry-After" not in reply.headers
        status = azure.ask("GET", tail(azure, reply.headers["Azure-AsyncOperation"]), version=None)
        assert status.body["status"] == "Succeeded"
        assert set(status.body) == {"startTime", "endTime", "status", "name"}

    def test_one_takes_the_time_that_it_is_given(self, azure: Azure) -> None:
        azure.doors.configure(operation_seconds=90, retry_after=7)
        reply = azure.ask("PUT", f"{SET_KIND}/web", azure.set_body(), version="2026-04-01")
        assert reply.headers["Retry-After"] == "7"
        where = tail(azure, reply.headers["Azure-AsyncOperation"])
        assert azure.ask("GET", where, version=None).body["status"] == "InProgress"
        assert read(azure).properties.provisioning_state == "Creating"
        azure.doors.advance(90)
        assert azure.ask("GET", where, version=None).body["status"] == "Succeeded"
        assert read(azure).properties.provisioning_state == "Succeeded"

    def test_the_location_answers_when_it_is_over(self, azure: Azure) -> None:
        azure.make_set()
        azure.doors.configure(operation_seconds=30)
        reply = azure.ask("DELETE", f"{SET_KIND}/web", version="2026-04-01")
        where = tail(azure, reply.headers["Location"])
        assert azure.ask("GET", where, version=None).status == 202
        azure.doors.advance(30)
        assert azure.ask("GET", where, version=None).status == 200

    def test_a_later_write_ends_the_one_before(self, azure: Azure) -> None:
        azure.make_set()
        azure.doors.configure(operation_seconds=60)
        body = {"sku": {"name": "Standard_D2s_v5", "capacity": 3}}
        first = azure.ask("PATCH", f"{SET_KIND}/web", body, version="2026-04-01")
        azure.ask("PATCH", f"{SET_KIND}/web", body, version="2026-04-01")
        status = azure.ask("GET", tail(azure, first.headers["Azure-AsyncOperation"]), version=None).body
        assert (status["status"], status["error"]["code"]) == ("Canceled", "OperationPreempted")

    def test_one_that_there_is_not(self, azure: Azure) -> None:
        path = f"/subscriptions/{azure.emulator.subscription}/providers/Microsoft.Compute/locations/eastus/operations/x"
        assert azure.ask("GET", path, version="2026-04-01").body["error"]["code"] == "NotFound"


class TestPaging:
    def test_lists_come_in_pages_that_the_sdk_follows(self, azure: Azure) -> None:
        for name in ("a", "b", "c"):
            azure.make_set(name, azure.set_body(0))
        azure.doors.configure(page_size=2)
        azure.doors.clear_requests()
        assert names(azure) == ["a", "b", "c"]
        assert azure.doors.count()["operations"] == {f"{OPERATIONS}_List": 2}

    def test_what_comes_in_between_pages_does_not_shift_them(self, azure: Azure) -> None:
        for name in ("b", "c", "d"):
            azure.make_set(name, azure.set_body(0))
        azure.doors.configure(page_size=2)
        pages = azure.compute.virtual_machine_scale_sets.list(GROUP).by_page()
        first = [each.name for each in next(pages)]
        azure.make_set("a", azure.set_body(0))
        assert (first, [each.name for each in next(pages)]) == (["b", "c"], ["d"])

    def test_the_activity_log_comes_in_pages(self, azure: Azure) -> None:
        azure.make_set()
        azure.make_set("api")
        azure.doors.configure(page_size=1)
        assert len(azure.events()) == 2


class TestGroups:
    def test_what_is_put_into_a_group_that_there_is_not_is_refused(self, azure: Azure) -> None:
        sets = azure.compute.virtual_machine_scale_sets
        assert code(sets.begin_create_or_update, "nowhere", "web", azure.set_body()) == "ResourceGroupNotFound"
        assert code(lambda: list(sets.list("nowhere"))) == "ResourceGroupNotFound"

    def test_a_setting_makes_them(self, azure: Azure) -> None:
        azure.doors.configure(make_groups=1)
        azure.compute.virtual_machine_scale_sets.begin_create_or_update("new", "web", azure.set_body()).result()
        assert azure.ask("GET", azure.group_id.replace(GROUP, "new")).body["location"] == "eastus"

    def test_one_is_made_listed_and_deleted_with_all_that_is_in_it(self, azure: Azure) -> None:
        every = f"/subscriptions/{azure.emulator.subscription}/resourceGroups"
        azure.make_set()
        assert [each["name"] for each in azure.ask("GET", every).body["value"]] == [GROUP]
        assert azure.ask("PUT", f"{every}/{GROUP}", {"location": "eastus", "tags": {"a": "b"}}).status == 200
        assert azure.ask("HEAD", f"{every}/{GROUP}").status == 204
        assert azure.ask("DELETE", f"{every}/{GROUP}").status == 202
        assert azure.ask("HEAD", f"{every}/{GROUP}").status == 404
        assert list(azure.compute.virtual_machine_scale_sets.list_all()) == []

    def test_a_door_makes_one(self, azure: Azure) -> None:
        azure.doors.make_group("more", location="westus")
        assert azure.ask("GET", azure.group_id.replace(GROUP, "more")).body["location"] == "westus"


def test_a_point_names_its_resource(azure: Azure) -> None:
    with pytest.raises(DoorError, match="names its resource"):
        azure.doors.push([{"namespace": "n", "metric": "m", "value": 1}])


def test_the_error_of_a_client_has_code_and_message(azure: Azure) -> None:
    with pytest.raises(HttpResponseError, match=r"under resource group 'shop' was not found"):
        read(azure)


def tail(azure: Azure, address: str) -> str:
    assert address.startswith(azure.emulator.endpoint)
    return address.removeprefix(azure.emulator.endpoint)


def blank(path: str) -> str:
    """A path with its parts unnamed, in small letters."""
    parts = path.partition("?")[0].lower().strip("/").split("/")
    return "/".join("{}" if part.startswith("{") else part for part in parts)
