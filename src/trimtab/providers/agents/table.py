"""
What `template.agents` becomes: programs of pinned versions, one row each, with the day on which it was looked up.

The rows of a cloud's own agent are in its provider's `agents.py`. A later release of trimtab may have later versions; a
plan then shows the new start script as a change of the template. The Ansible role in `deploy/ansible/` takes its
versions from here, by `python -m tools.agents`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from trimtab.declarations import declarations_of
from trimtab.declarations.find import load

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
        name: What a provider calls it.
        title: What people call it.
        package: The Debian package that it is.
        version: Its version.
        by_release: What its version begins with in each release of `RELEASES`, where the archives of the distribution
            have it: an archive keeps only the last security update.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAgent:
    """
    What sends metrics to a cloud, and signs in there as the role of the instances.

    Attributes:
        pinned: Its version.
        script: The function that installs it, called as the program is with `_` for `-`, for the words that it serves;
            `None` where the cloud installs it.
        calls: Of `trimtab.providers.agents.install.HELPERS`, what that calls.
        note: What is to be said of it in a plan.
    """

    pinned: Pinned
    script: Callable[[Sequence[str]], str] | None = None
    calls: Collection[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAgents:
    """
    What a provider makes of `template.agents`.

    Attributes:
        forms: The program that a word becomes: the cloud's own, or one of `SHARED`; a word that is missing takes none.
        own: The cloud's own program.
        listens: What the listener calls the cloud.
        one_script: Whether new instances take one script, and no archive of cloud-init's.
    """

    forms: Mapping[str, str]
    own: CloudAgent
    listens: str
    one_script: bool = False


LISTENER = "trimtab-listener"
SHARED: Mapping[str, str] = {word: word for word in ("node-exporter", "collectd", LISTENER)}
"""What is the same on every cloud."""
ARCHIVED: Sequence[Pinned] = (
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
"""What the archives of Debian and Ubuntu have."""


def agents_of(provider: str) -> CloudAgents | None:
    """What a provider makes of agents; `None` where it declares nothing."""
    path = declarations_of(provider).agents
    return load(path) if path else None
