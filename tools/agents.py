"""Writes the variables of the Ansible role in `deploy/ansible/`, from `trimtab.providers.agents`."""

from pathlib import Path
from typing import Any

import yaml

from trimtab.providers.agents import agents_of
from trimtab.providers.agents.install import FOLDER, ON_TERMINATE, listener_unit
from trimtab.providers.agents.table import ARCHIVED, Pinned
from trimtab.providers.aws.agents import CLOUDWATCH_CONFIG, cloudwatch_config
from trimtab.providers.aws.agents import PINNED as CLOUDWATCH
from trimtab.providers.gcp.agents import PINNED as OPS

TARGET = Path(__file__).parents[1] / "deploy" / "ansible" / "roles" / "trimtab_agents" / "vars" / "main.yml"
HEADING = "---\n# `nox -s renew` writes this: the versions of what is installed, and its settings\n"
CLOUDS = ("aws", "azure", "gcp")
WANTED = (
    "{{ trimtab_agents_forms[trimtab_agents_cloud] | dict2items | selectattr('key', 'in', trimtab_agents_words)"
    " | map(attribute='value') | unique }}"
)
MEASURED = (
    "{{ trimtab_agents_config | combine({'metrics': {'metrics_collected': dict(trimtab_agents_parts | dict2items"
    " | selectattr('key', 'in', trimtab_agents_words) | map(attribute='value') | map('first')"
    " | zip(trimtab_agents_parts | dict2items | selectattr('key', 'in', trimtab_agents_words)"
    " | map(attribute='value') | map('last')))}}, recursive=true) }}"
)


def text() -> str:
    """The file as it is to be."""
    return HEADING + yaml.dump(variables(), Dumper=_Dumper, sort_keys=True, width=110, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Lists further in than their key, as ansible-lint has it, and texts of several lines as they are."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def variables() -> dict[str, Any]:
    """The variables by their names."""
    config = cloudwatch_config([])
    parts = {word: cloudwatch_config([word])["metrics"]["metrics_collected"] for word in ("memory", "disk")}
    return {
        "trimtab_agents_archive": {
            row.name: {"package": row.package, "by_release": dict(row.by_release)} for row in ARCHIVED
        },
        "trimtab_agents_cloudwatch": {**_downloaded(CLOUDWATCH), "config": CLOUDWATCH_CONFIG},
        "trimtab_agents_config": config,
        "trimtab_agents_forms": {cloud: dict(agents_of(cloud).forms) for cloud in CLOUDS},
        "trimtab_agents_listener": {
            "folder": FOLDER,
            "on_terminate": ON_TERMINATE,
            "units": {cloud: listener_unit(cloud) for cloud in CLOUDS},
        },
        "trimtab_agents_measured": MEASURED,
        "trimtab_agents_ops": _downloaded(OPS),
        "trimtab_agents_parts": {word: [*part, *part.values()] for word, part in parts.items()},
        "trimtab_agents_wanted": WANTED,
    }


def _downloaded(row: Pinned) -> dict[str, str]:
    names = ("package", "version", "url", "key", "fingerprint")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
