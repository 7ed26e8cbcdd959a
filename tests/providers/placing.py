"""Templates and places that each of the emulated clouds takes."""

TEMPLATES = {
    "aws": {"image": "ami-12c6146b", "size": "t3.small"},
    "azure": {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "Standard_D2s_v5"},
    "gcp": {"image": "projects/debian-cloud/global/images/family/debian-12", "size": "e2-small"},
    "memory": {"image": "ubuntu", "size": "small"},
}


def placement(provider, test_cloud):
    if provider == "aws":
        return {"zones": ["us-east-1a"]}
    return {"subnets": [test_cloud.make_network("network", "subnet")]} if provider == "azure" else {}
