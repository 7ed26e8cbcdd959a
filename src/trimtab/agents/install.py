"""The script that installs agents on Debian and Ubuntu; running it again changes nothing."""

import json
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from trimtab.agents.table import Pinned, pinned
from trimtab.declarations import declarations_of
from trimtab.models import Fleet, ScalingGroup

CLOUD_AGENTS = frozenset({"cloudwatch-agent", "azure-monitor-agent", "ops-agent"})
"""What sends metrics to a cloud, and signs in there as the instances' role."""
FOLDER = "/usr/local/lib/trimtab"
ON_TERMINATE = "/etc/trimtab/on-terminate.d"
"""What is run, in order of names, when an instance is to end."""
CLOUDWATCH_CONFIG = "/opt/aws/amazon-cloudwatch-agent/etc/trimtab.json"


def installers_of(words: Sequence[str], provider: str) -> dict[str, tuple[str, ...]]:
    """
    What installs the agents on a provider, by the names of `PINNED` and `listener`: for which words, sorted.

    A word that takes nothing there is left out, as `memory` on Azure, whose hosts measure it.
    """
    forms = declarations_of(provider).agents
    found: dict[str, list[str]] = {}
    for word in sorted(words):
        if form := forms.get(word):
            found.setdefault(form, []).append(word)
    return {form: tuple(of) for form, of in sorted(found.items())}


def installs(fleet: Fleet, provider: str, program: str) -> Iterator[ScalingGroup]:
    """The groups of a fleet whose agents bring a program on a provider."""
    return (group for group in fleet.groups if program in installers_of(group.template.agents, provider))


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


def listener_source() -> str:
    """The listener, as the package has it."""
    source = pkgutil.get_data("trimtab", "hooks/listener.py")
    assert source is not None
    return source.decode()


def listener_unit(provider: str) -> str:
    """The service that runs the listener."""
    return "\n".join(
        (
            "[Unit]",
            "Description=Runs what is in /etc/trimtab/on-terminate.d before this instance ends",
            "Wants=network-online.target",
            "After=network-online.target",
            "",
            "[Service]",
            f"ExecStart=/usr/bin/python3 {FOLDER}/listener.py --cloud {provider} --at-shutdown \\",
            f"  --on-terminate /bin/run-parts --regex=^[a-zA-Z0-9_.-]+$$ {ON_TERMINATE}",
            "TimeoutStopSec=90",
            "Restart=always",
            "RestartSec=5",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        )
    )


_BEGIN = """\
set -u
export DEBIAN_FRONTEND=noninteractive
failed=0
"""
_HELPERS: Mapping[str, str] = {
    "root": """\
root=${TRIMTAB_ROOT:-}
""",
    "say": """\
say() { echo "trimtab agents: $*" >&2; }
""",
    "os_release": """\
# what this system calls itself
os_release() { sed -n "s/^$1=//p" "$root/etc/os-release" | tr -d '"'; }
""",
    "retry": """\
retry() {
  local pause
  for pause in 0 5 20 60; do
    sleep "$pause"
    "$@" && return 0
  done
  return 1
}
""",
    "has": """\
# whether a package is installed whose version begins so
has() {
  case "$(dpkg-query -W -f='${db:Status-Abbrev}${Version}' "$1" 2>/dev/null)" in
    "ii $2"*) return 0 ;;
    *) return 1 ;;
  esac
}
""",
    "packages": """\
packages() {
  retry apt-get -qq update &&
    retry apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >/dev/null
}
""",
    "put": """\
# what is read, into a file; sets `changed` where it was otherwise
put() {
  mkdir -p "$(dirname "$root$1")" && cat >"$root$1.new" || return 1
  chmod "$2" "$root$1.new"
  if cmp -s "$root$1.new" "$root$1"; then
    rm "$root$1.new"
  else
    mv "$root$1.new" "$root$1"
    changed=1
  fi
}
""",
    "report": """\
report() {
  if [ "$2" = 0 ]; then
    say "$1: ready"
  else
    say "$1: not installed"
    failed=1
  fi
}
""",
}
"""What the functions of programs call, each after what it calls itself."""
_ARCHIVE = ("root", "say", "os_release", "retry", "has", "packages")
_CALLED: Mapping[str, Collection[str]] = {
    "cloudwatch-agent": ("root", "os_release", "retry", "has", "packages", "put"),
    "ops-agent": ("retry", "has", "packages"),
    "node-exporter": _ARCHIVE,
    "collectd": _ARCHIVE,
    "trimtab-listener": ("root", "retry", "packages", "put"),
}


def _from_archive(row: Pinned) -> str:
    cases = "\n".join(f"    {release}) version='{version}' ;;" for release, version in row.by_release.items())
    return f"""\
{_name(row.name)}() {{
  local version
  case "$(os_release VERSION_CODENAME)" in
{cases}
    *) version='' ;;
  esac
  [ -n "$version" ] || say "no pinned version of {row.package} for this release; its own is taken"
  has {row.package} "$version" || packages "{row.package}${{version:+=$version*}}" || return 1
  systemctl -q is-active {row.package} || systemctl enable --now {row.package}
}}
"""


def _cloudwatch(row: Pinned, words: Sequence[str]) -> str:
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

{_name(row.name)}() {{
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


def _ops_agent(row: Pinned) -> str:
    return f"""\
{_name(row.name)}() {{
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


def _listener(provider: str) -> str:
    return f"""\
trimtab_listener() {{
  command -v python3 >/dev/null || packages python3 || return 1
  mkdir -p "$root{ON_TERMINATE}"
  put {FOLDER}/listener.py 0755 <<'LISTENER' || return 1
{listener_source()}LISTENER
  put /etc/systemd/system/trimtab-listener.service 0644 <<'UNIT' || return 1
{listener_unit(provider)}UNIT
  if [ "$changed" = 1 ]; then
    systemctl daemon-reload && systemctl enable -q trimtab-listener && systemctl restart trimtab-listener
  else
    systemctl -q is-active trimtab-listener || systemctl enable --now trimtab-listener
  fi
}}
"""


def _name(installer: str) -> str:
    return installer.replace("-", "_")


def script_of(words: Sequence[str], provider: str) -> str | None:
    """
    The functions that install these agents on a provider, and their call; `None` where no script does.

    It ends with the status of the installation in `failed`, so that another script can go on after it.
    """
    makers: Mapping[str, Callable[[Sequence[str]], str]] = {
        "cloudwatch-agent": lambda of: _cloudwatch(pinned("cloudwatch-agent"), of),
        "ops-agent": lambda of: _ops_agent(pinned("ops-agent")),
        "node-exporter": lambda of: _from_archive(pinned("node-exporter")),
        "collectd": lambda of: _from_archive(pinned("collectd")),
        "trimtab-listener": lambda of: _listener(provider),
    }
    wanted = {form: of for form, of in installers_of(words, provider).items() if form in makers}
    if not wanted:
        return None
    functions = [makers[form](of) for form, of in wanted.items()]
    called = {"say", "report"}.union(*(_CALLED[form] for form in wanted))
    helpers = [text for name, text in _HELPERS.items() if name in called]
    calls = "".join(map(_call, wanted))
    return "\n".join((_BEGIN, *helpers, *functions, calls))


def _call(form: str) -> str:
    begin = "changed=0\n" if "put" in _CALLED[form] else ""
    return f"{begin}{_name(form)}\nreport {form} $?\n"
