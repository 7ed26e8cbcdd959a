"""The script that installs agents on Debian and Ubuntu; running it again changes nothing."""

import pkgutil
from collections.abc import Collection, Iterator, Mapping, Sequence

from trimtab.models import Fleet, ScalingGroup
from trimtab.providers.agents.table import ARCHIVED, LISTENER, CloudAgents, Pinned, agents_of

FOLDER = "/usr/local/lib/trimtab"
ON_TERMINATE = "/etc/trimtab/on-terminate.d"
"""What is run, in order of names, when an instance is to end."""


def installers_of(words: Sequence[str], provider: str) -> dict[str, tuple[str, ...]]:
    """
    The programs that the agents become on a provider: for which words each, sorted.

    A word that takes nothing there is left out, as `memory` where hosts measure it.
    """
    agents = agents_of(provider)
    forms = agents.forms if agents else {}
    found: dict[str, list[str]] = {}
    for word in sorted(words):
        if form := forms.get(word):
            found.setdefault(form, []).append(word)
    return {form: tuple(of) for form, of in sorted(found.items())}


def installs(fleet: Fleet, provider: str, program: str) -> Iterator[ScalingGroup]:
    """The groups of a fleet whose agents bring a program on a provider."""
    return (group for group in fleet.groups if program in installers_of(group.template.agents, provider))


def listener_source() -> str:
    """The listener, as the package has it."""
    source = pkgutil.get_data("trimtab", "hooks/listener.py")
    assert source is not None
    return source.decode()


def listener_unit(cloud: str) -> str:
    """The service that runs the listener."""
    return "\n".join(
        (
            "[Unit]",
            "Description=Runs what is in /etc/trimtab/on-terminate.d before this instance ends",
            "Wants=network-online.target",
            "After=network-online.target",
            "",
            "[Service]",
            f"ExecStart=/usr/bin/python3 {FOLDER}/listener.py --cloud {cloud} --at-shutdown \\",
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
HELPERS: Mapping[str, str] = {
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
_LISTENER = ("root", "retry", "packages", "put")


def _from_archive(row: Pinned) -> str:
    cases = "\n".join(f"    {release}) version='{version}' ;;" for release, version in row.by_release.items())
    return f"""\
{function_name(row.name)}() {{
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


def _listener(cloud: str) -> str:
    return f"""\
trimtab_listener() {{
  command -v python3 >/dev/null || packages python3 || return 1
  mkdir -p "$root{ON_TERMINATE}"
  put {FOLDER}/listener.py 0755 <<'LISTENER' || return 1
{listener_source()}LISTENER
  put /etc/systemd/system/trimtab-listener.service 0644 <<'UNIT' || return 1
{listener_unit(cloud)}UNIT
  if [ "$changed" = 1 ]; then
    systemctl daemon-reload && systemctl enable -q trimtab-listener && systemctl restart trimtab-listener
  else
    systemctl -q is-active trimtab-listener || systemctl enable --now trimtab-listener
  fi
}}
"""


def function_name(program: str) -> str:
    """What the function that installs a program is called."""
    return program.replace("-", "_")


def script_of(words: Sequence[str], provider: str) -> str | None:
    """
    The functions that install these agents on a provider, and their call; `None` where no script does.

    It ends with the status of the installation in `failed`, so that another script can go on after it.
    """
    agents = agents_of(provider)
    if agents is None:
        return None
    found = {form: _function(form, of, agents) for form, of in installers_of(words, provider).items()}
    wanted = {form: made for form, made in found.items() if made is not None}
    if not wanted:
        return None
    called = {"say", "report"}.union(*(calls for _, calls in wanted.values()))
    helpers = [text for name, text in HELPERS.items() if name in called]
    functions = [text for text, _ in wanted.values()]
    return "\n".join((_BEGIN, *helpers, *functions, "".join(_call(form, calls) for form, (_, calls) in wanted.items())))


def _function(form: str, words: Sequence[str], agents: CloudAgents) -> tuple[str, Collection[str]] | None:
    """What installs a program, and what that calls; `None` where no script does."""
    own = agents.own
    if form == own.pinned.name:
        return (own.script(words), own.calls) if own.script else None
    if form == LISTENER:
        return _listener(agents.listens), _LISTENER
    return _from_archive(next(row for row in ARCHIVED if row.name == form)), _ARCHIVE


def _call(form: str, calls: Collection[str]) -> str:
    begin = "changed=0\n" if "put" in calls else ""
    return f"{begin}{function_name(form)}\nreport {form} $?\n"
