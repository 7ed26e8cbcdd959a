"""Azure and Google Cloud: what a no-change plan costs, and what it costs to load what reaches them."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import trimtab as tt
from bench.timing import measure_plan, median
from trimtab.emulators import AzureEmulator, GcpEmulator

EXAMPLES = Path(__file__).parents[1] / "examples"
SIZES = (2, 100)
MEASURE = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


class Bench(NamedTuple):
    """
    One cloud.

    Attributes:
        provider: Its name.
        emulator: What stands for it on this machine.
        bar: The calls that a no-change plan may take.
        peer: Reads the same by the SDK, one call after the other.
        sdk: Imports the SDKs alone.
        connect: Opens a connection of trimtab's.
    """

    provider: str
    emulator: Callable[[], Any]
    bar: int
    peer: Callable[[Any], None]
    sdk: str
    connect: str


def read_azure(account: Any) -> None:
    """What a hand-written check of a resource group reads by the SDK."""
    group, compute, monitor = account.resource_group, account.compute, account.monitor
    list(compute.virtual_machine_scale_sets.list(group))
    list(monitor.autoscale_settings.list_by_resource_group(group))
    list(monitor.metric_alerts.list_by_resource_group(group))
    list(monitor.action_groups.list_by_resource_group(group))


def read_gcp(account: Any) -> None:
    """What a hand-written check of a project reads by the SDKs."""
    from google.cloud import compute_v1

    where = {"project": account.project}
    list(account.client(compute_v1.InstanceTemplatesClient).list(**where))
    for kind in ("InstanceGroupManagers", "Autoscalers", "HealthChecks", "BackendServices"):
        list(account.client(getattr(compute_v1, f"{kind}Client")).aggregated_list(**where))
    list(account.alert_policies().list_alert_policies(name=f"projects/{account.project}"))


CLOUDS = (
    Bench(
        "azure",
        AzureEmulator,
        8,
        read_azure,
        "import azure.identity, azure.mgmt.compute, azure.mgmt.monitor",
        "tt.connect('azure', subscription='s', resource_group='g', location='l', credential=object())",
    ),
    Bench(
        "gcp",
        GcpEmulator,
        9,
        read_gcp,
        "import google.cloud.compute_v1, google.cloud.monitoring_v3",
        "tt.connect('gcp', project='p', location='l', credentials=object())",
    ),
)


def print_clouds() -> int:
    """Print a line for each cloud and number of groups; 1 when a bar of counted calls does not hold."""
    missed = 0
    print("no-change plan on Azure and Google Cloud (the running example's web group so many times)")
    print("  cloud  groups  calls  bar  second apply  plan s  SDK alone s  ratio")
    for bench in CLOUDS:
        for size in SIZES:
            calls, writes, seconds, peer = measure(bench, size)
            missed += calls > bench.bar or writes > 0
            print(
                f"  {bench.provider:5}  {size:6}  {calls:5}  {bench.bar:3}  {writes:12}  {seconds:6.2f}  {peer:11.2f}"
                f"  {seconds / peer:5.2f}"
            )
    return int(missed > 0)


def measure(bench: Bench, size: int) -> tuple[int, int, float, float]:
    """Calls of a no-change plan, writes of the second apply, its seconds, and those of the peer."""
    with bench.emulator() as emulator:
        account = _account(bench.provider)(emulator)
        fleet = _fleet(bench.provider, size)
        with account.connect() as cloud:
            calls, writes, seconds = measure_plan(cloud, fleet, emulator.doors)
        return calls, writes, seconds, median(lambda: bench.peer(account))


def _account(provider: str) -> Any:
    """The account of the examples."""
    spec = importlib.util.spec_from_file_location(f"{provider}_account", EXAMPLES / provider / "account.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(EXAMPLES / provider / "account.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Account


def _fleet(provider: str, size: int) -> tt.Fleet:
    """The running example's web group so many times."""
    example = tt.load_fleet(EXAMPLES / "virtualmin" / "fleet.yaml", provider=provider, env={})
    groups = [example["web"].model_copy(update={"name": f"web-{number:03}"}) for number in range(size)]
    return example.model_copy(update={"groups": tuple(groups)})


def print_loading() -> None:
    """Print what a connection to each cloud loads, beside its SDKs alone and trimtab alone."""
    print("what a fresh interpreter loads (seconds and MiB)")
    print("  what                 seconds    MiB")
    lines = [("import trimtab", "import trimtab")]
    for bench in CLOUDS:
        lines += [(f"SDKs of {bench.provider}", bench.sdk)]
        lines += [(f"connect({bench.provider!r})", f"import trimtab as tt; {bench.connect}")]
    for name, code in lines:
        seconds, memory = load(code)
        print(f"  {name:20}  {seconds:6.2f}  {memory:5.0f}")


def load(code: str) -> tuple[float, float]:
    """Median seconds of a fresh interpreter that runs `code`, and the MiB that it then holds at most."""
    command = [sys.executable, "-c", f"{code}\n{MEASURE}"]
    seen: list[int] = []

    def run() -> None:
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        seen.append(int(found.stdout))

    return median(run), max(seen) / 1024
