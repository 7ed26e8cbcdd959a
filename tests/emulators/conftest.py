from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aws_bench import Aws
    from azure_bench import Azure
    from gcp_bench import Gcp

    from trimtab.emulators import AwsEmulator, AzureEmulator, GcpEmulator

collect_ignore_glob = []
try:
    import moto.server  # noqa: F401
except ImportError:
    # without the extra there is nothing to test here
    collect_ignore_glob = ["test_aws_*.py"]
try:
    import azure.mgmt.compute
    import azure.mgmt.monitor
except ImportError:
    collect_ignore_glob += ["test_azure_*.py"]
try:
    import google.cloud.monitoring_v3  # noqa: F401
    import googleapiclient  # noqa: F401
except ImportError:
    collect_ignore_glob += ["test_gcp_*.py"]


@pytest.fixture(scope="session")
def running(aws_emulator: "AwsEmulator") -> "Aws":
    from aws_bench import Aws, client_for

    services = ("autoscaling", "cloudwatch", "ec2", "elbv2", "ssm")
    clients = {service: client_for(aws_emulator, service) for service in services}
    return Aws(aws_emulator, aws_emulator.doors, **clients)


@pytest.fixture
def aws(running: "Aws") -> "Aws":
    """A new cloud at midnight of 2026-01-05 UTC, with one launch template `web`."""
    from aws_bench import START

    running.doors.reset()
    running.doors.set_clock(START, freeze=True)
    running.make_template()
    running.doors.clear_requests()
    return running


@pytest.fixture(scope="session")
def running_azure(azure_emulator: "AzureEmulator") -> "Iterator[Azure]":
    from azure_bench import Azure, clients_for

    compute, monitor = clients_for(azure_emulator)
    with compute, monitor:
        yield Azure(azure_emulator, azure_emulator.doors, compute, monitor)


@pytest.fixture
def azure(running_azure: "Azure") -> "Azure":
    """A new subscription at midnight of 2026-01-05 UTC, with a resource group, a network and a load balancer."""
    from azure_bench import START

    running_azure.doors.reset()
    running_azure.doors.set_clock(START, freeze=True)
    running_azure.make_ground()
    running_azure.doors.clear_requests()
    return running_azure


@pytest.fixture(scope="session")
def running_gcp(gcp_emulator: "GcpEmulator") -> "Gcp":
    from gcp_bench import Gcp

    return Gcp(gcp_emulator, gcp_emulator.doors)


@pytest.fixture
def gcp(running_gcp: "Gcp") -> "Gcp":
    """A new project at midnight of 2026-01-05 UTC."""
    from gcp_bench import START

    running_gcp.doors.reset()
    running_gcp.doors.set_clock(START, freeze=True)
    running_gcp.doors.clear_requests()
    return running_gcp
