"""What agents become on Google: the Ops Agent, in the one script that an instance starts with."""

from collections.abc import Sequence

from trimtab.providers.agents.install import function_name
from trimtab.providers.agents.table import SHARED, CloudAgent, CloudAgents, Pinned

PINNED = Pinned(
    name="ops-agent",
    title="Ops Agent",
    package="google-cloud-ops-agent",
    version="2.67.0",
    url="https://dl.google.com/cloudagents/add-google-cloud-ops-agent-repo.sh",
    seen="2026-11-29",
    source="https://github.com/GoogleCloudPlatform/ops-agent/pull/2299",
)


def _script(words: Sequence[str]) -> str:
    row = PINNED
    return f"""\
{function_name(row.name)}() {{
  local at status
  if ! has {row.package} '{row.version}'; then
    packages ca-certificates curl || return 1
    at=$(mktemp -d) || return 1
    retry curl -fsS --retry 2 -o "$at/add-repo.sh" {row.url} &&
      bash "$at/add-repo.sh" --also-install --version={row.version} >/dev/null
    status=$?
    rm -rf "$at"
    [ "$status" = 0 ] || return 1
  fi
  systemctl -q is-active {row.package} || systemctl enable --now {row.package}
}}
"""


AGENTS = CloudAgents(
    forms={"memory": PINNED.name, "disk": PINNED.name, **SHARED},
    own=CloudAgent(pinned=PINNED, script=_script, calls=("retry", "has", "packages")),
    listens="gcp",
    one_script=True,
)
