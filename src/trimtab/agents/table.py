"""
The versions of what `template.agents` installs: one row each, with the day on which it was looked up and where.

A later release of trimtab may have later versions; a plan then shows the new start script as a change of the template.
The Ansible role in `deploy/ansible/` takes its versions from here, by `python -m tools.agents`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

RELEASES: Mapping[str, str] = {
    "debian-11": "bullseye",
    "debian-12": "bookworm",
    "debian-13": "trixie",
    "ubuntu-20.04": "focal",
    "ubuntu-22.04": "jammy",
    "ubuntu-24.04": "noble",
}
"""The operating systems that have the packages, by their neutral words; what they call themselves in `os-release`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """
    One program and its version.

    Attributes:
        name: What a provider's declarations call it.
        title: What people call it.
        package: The Debian package that it is.
        version: Its version; of a Debian archive, what versions begin with, since an archive keeps only the last
            security update of a release.
        by_release: Its version in each release of `RELEASES`, where the archives of the distribution have it.
        url: Where it is, with `{system}` (`debian`, `ubuntu`), `{architecture}` and `{version}`.
        key: The key of its signature, which stands at `url` with `.sig`.
        fingerprint: That of the key.
        seen: The day on which the version was looked up.
        source: Where.
    """

    name: str
    title: str
    package: str = ""
    version: str = ""
    by_release: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    key: str = ""
    fingerprint: str = ""
    seen: str
    source: str


PINNED: Sequence[Pinned] = (
    Pinned(
        name="cloudwatch-agent",
        title="CloudWatch agent",
        package="amazon-cloudwatch-agent",
        version="1.300072.0b1766",
        url="https://amazoncloudwatch-agent.s3.amazonaws.com/{system}/{architecture}/{version}/amazon-cloudwatch-agent.deb",
        key="https://amazoncloudwatch-agent.s3.amazonaws.com/assets/amazon-cloudwatch-agent.gpg",
        fingerprint="937616F3450B7D806CBD9725D58167303B789C72",
        seen="2026-11-29",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
        "verify-CloudWatch-Agent-Package-Signature.html",
    ),
    Pinned(
        name="azure-monitor-agent",
        title="Azure Monitor agent",
        version="1.33",
        seen="2026-11-29",
        source="https://learn.microsoft.com/azure/azure-monitor/agents/azure-monitor-agent-requirements",
    ),
    Pinned(
        name="ops-agent",
        title="Ops Agent",
        package="google-cloud-ops-agent",
        version="2.67.0",
        url="https://dl.google.com/cloudagents/add-google-cloud-ops-agent-repo.sh",
        seen="2026-11-29",
        source="https://github.com/GoogleCloudPlatform/ops-agent/pull/2299",
    ),
    Pinned(
        name="node-exporter",
        title="Prometheus node exporter",
        package="prometheus-node-exporter",
        by_release={
            "bullseye": "1.1.2+ds-",
            "bookworm": "1.5.0-",
            "trixie": "1.9.0-",
            "focal": "0.18.1+ds-",
            "jammy": "1.3.1-",
            "noble": "1.7.0-",
        },
        seen="2026-11-29",
        source="apt-cache madison prometheus-node-exporter, with the archives of each release",
    ),
    Pinned(
        name="collectd",
        title="collectd",
        package="collectd",
        by_release={
            "bullseye": "5.12.0-",
            "bookworm": "5.12.0-",
            "trixie": "5.12.0-",
            "focal": "5.9.2.g-",
            "jammy": "5.12.0-",
            "noble": "5.12.0-",
        },
        seen="2026-11-29",
        source="apt-cache madison collectd, with the archives of each release",
    ),
)
"""Every program but the listener, which is a file of trimtab's own."""


def pinned(name: str) -> Pinned:
    """The row of a program."""
    return next(row for row in PINNED if row.name == name)
