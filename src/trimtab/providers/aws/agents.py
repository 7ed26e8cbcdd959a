"""What agents become on AWS: the CloudWatch agent, in the start script."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.providers.agents.install import function_name
from trimtab.providers.agents.table import SHARED, CloudAgent, CloudAgents, Pinned

CLOUDWATCH_CONFIG = "/opt/aws/amazon-cloudwatch-agent/etc/trimtab.json"
PINNED = Pinned(
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
)


def cloudwatch_config(words: Sequence[str]) -> dict[str, Any]:
    """
    What the CloudWatch agent measures, for the Auto Scaling group as a whole.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
    """
    measured: Mapping[str, dict[str, Any]] = {
        "memory": {"mem": {"measurement": ["mem_used_percent"]}},
        "disk": {"disk": {"measurement": ["used_percent"], "resources": ["/"], "drop_device": True}},
    }
    return {
        "metrics": {
            "namespace": "CWAgent",
            "append_dimensions": {"AutoScalingGroupName": "${aws:AutoScalingGroupName}"},
            "aggregation_dimensions": [["AutoScalingGroupName"]],
            "metrics_collected": {name: what for word in sorted(words) for name, what in measured[word].items()},
        }
    }


def _script(words: Sequence[str]) -> str:
    row = PINNED
    config = json.dumps(cloudwatch_config(words), indent=1, sort_keys=True)
    url = row.url.format(system="$(os_release ID)", architecture="$(dpkg --print-architecture)", version=row.version)
    return f"""\
fetch_cloudwatch_agent() {{
  local at=$1 url
  url="{url}"
  retry curl -fsS --retry 2 -o "$at/agent.deb" "$url" &&
    retry curl -fsS --retry 2 -o "$at/agent.deb.sig" "$url.sig" &&
    retry curl -fsS --retry 2 -o "$at/key" {row.key} &&
    gpg --batch -q --homedir "$at" --import "$at/key" &&
    gpg --batch -q --homedir "$at" --status-fd 1 --verify "$at/agent.deb.sig" "$at/agent.deb" 2>/dev/null |
    grep -q '^\\[GNUPG:\\] VALIDSIG .*{row.fingerprint}$' || return 1
}}

{function_name(row.name)}() {{
  local at status
  if ! has {row.package} '{row.version}'; then
    packages ca-certificates curl gnupg || return 1
    at=$(mktemp -d) || return 1
    fetch_cloudwatch_agent "$at" && dpkg -i "$at/agent.deb" >/dev/null
    status=$?
    rm -rf "$at"
    [ "$status" = 0 ] || return 1
    changed=1
  fi
  put {CLOUDWATCH_CONFIG} 0644 <<'JSON' || return 1
{config}
JSON
  if [ "$changed" = 1 ] || ! systemctl -q is-active {row.package}; then
    "$root/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl" \\
      -a fetch-config -m ec2 -s -c "file:$root{CLOUDWATCH_CONFIG}" >/dev/null
  fi
}}
"""


AGENTS = CloudAgents(
    forms={"memory": PINNED.name, "disk": PINNED.name, **SHARED},
    own=CloudAgent(pinned=PINNED, script=_script, calls=("root", "os_release", "retry", "has", "packages", "put")),
    listens="aws",
)
