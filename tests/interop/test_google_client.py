"""google-api-python-client, which makes its calls out of the discovery document, against the GCP emulator."""

import pytest

import trimtab as tt
from tests.interop.conftest import required
from trimtab.testing import GcpTestCloud

PROJECT, REGION = "trimtab", "europe-west1"
WHERE = {"project": PROJECT, "region": REGION}
TEMPLATE = {
    "name": "web-1",
    "properties": {
        "machineType": "e2-small",
        "disks": [
            {"boot": True, "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-12"}}
        ],
        "networkInterfaces": [{"network": "global/networks/default"}],
    },
}


@pytest.fixture
def compute(gcp):
    try:
        from google.auth.credentials import AnonymousCredentials
        from googleapiclient.discovery import build
    except ImportError:
        required("google-api-python-client is not installed")
    options = {"api_endpoint": f"{gcp.endpoint}/compute/v1/"}
    with build("compute", "v1", credentials=AnonymousCredentials(), client_options=options) as client:
        yield client


def test_a_group_made_by_it_is_read_by_trimtab(compute, gcp):
    operation = compute.instanceTemplates().insert(project=PROJECT, body=TEMPLATE).execute()
    assert compute.globalOperations().wait(project=PROJECT, operation=operation["name"]).execute()["status"] == "DONE"
    body = {
        "name": "web",
        "instanceTemplate": "global/instanceTemplates/web-1",
        "targetSize": 2,
        "baseInstanceName": "web",
    }
    compute.regionInstanceGroupManagers().insert(**WHERE, body=body).execute()
    policy = {"minNumReplicas": 1, "maxNumReplicas": 5, "cpuUtilization": {"utilizationTarget": 0.6}}
    target = f"regions/{REGION}/instanceGroupManagers/web"
    scaler = {"name": "web", "target": target, "autoscalingPolicy": policy}
    compute.regionAutoscalers().insert(**WHERE, body=scaler).execute()
    managers = compute.regionInstanceGroupManagers()
    listed = managers.listManagedInstances(**WHERE, instanceGroupManager="web").execute()["managedInstances"]
    assert [each["instanceStatus"] for each in listed] == ["RUNNING", "RUNNING"]
    with GcpTestCloud(gcp).connect() as cloud:
        found = cloud.import_group("web")
    assert (found.group.capacity.min, found.group.capacity.max) == (1, 5)
    assert [policy.target for policy in found.group.policies] == [60]


def test_what_trimtab_made_is_what_it_shows(compute, gcp):
    group = tt.ScalingGroup(
        name="web",
        capacity={"min": 1, "max": 4},
        template={"image": "debian-cloud/debian-12", "size": "e2-small"},
        policies=[tt.TargetTrackingPolicy(name="cpu", metric=tt.metrics.cpu, target=60)],
    )
    with GcpTestCloud(gcp).connect() as cloud:
        cloud.apply(cloud.plan(tt.Fleet(name="shop", groups=[group]))).raise_for_failures()
    found = compute.regionAutoscalers().get(**WHERE, autoscaler="shop-web").execute()
    assert found["autoscalingPolicy"]["cpuUtilization"]["utilizationTarget"] == 0.6
    every = compute.instanceGroupManagers().aggregatedList(project=PROJECT).execute()["items"]
    (manager,) = every[f"regions/{REGION}"]["instanceGroupManagers"]
    assert manager["name"] == "shop-web"


def test_a_field_sent_as_null_is_cleared(compute, gcp):
    check = {
        "name": "web",
        "type": "HTTP",
        "httpHealthCheck": {"port": 80, "host": "example.org"},
        "description": "old",
    }
    compute.healthChecks().insert(project=PROJECT, body=check).execute()
    cleared = {"description": None, "httpHealthCheck": {"host": None}}
    compute.healthChecks().patch(project=PROJECT, healthCheck="web", body=cleared).execute()
    found = compute.healthChecks().get(project=PROJECT, healthCheck="web").execute()
    assert "description" not in found
    assert found["httpHealthCheck"] == {"port": 80}
