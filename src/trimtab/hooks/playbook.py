"""A handler that runs a playbook of Ansible on the instance that a notice is about."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from trimtab.errors import InvalidArgument, PlaybookFailed
from trimtab.phrases import one_line
from trimtab.providers.hooks import HookNotice
from trimtab.runtime.inventory import inventory_name

PROGRAM = "ansible-playbook"
LONGEST = timedelta(hours=1)
"""How long a playbook may run where the notice states no deadline."""
_SHOWN_BYTES = 2000


def ansible_playbook(
    path: str | Path,
    *,
    connection: str = "ssh",
    variables: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
    program: str = PROGRAM,
) -> Callable[[HookNotice], None]:
    """
    A function that runs a playbook on the instance of a notice, and raises unless all of it went through.

    The instance is the one host of the inventory, under its id, at its private address, in an Ansible group that is
    called like its group; `trimtab_instance`, `trimtab_group`, `trimtab_provider`, `trimtab_location` and
    `trimtab_private_address` are its variables, as with `trimtab inventory`. A new instance may not answer at once:
    begin the playbook with `wait_for_connection`.

    Args:
        path: The playbook.
        connection: How Ansible connects: `ssh`, `local`, or another of its plugins.
        variables: Extra variables, which win over all others.
        arguments: More arguments of ansible-playbook, such as `["--user", "admin", "--private-key", "/etc/key"]`.
        program: The program, where it is not on the path.

    Raises:
        InvalidArgument: There is no such file.
    """
    playbook = Path(path).resolve()
    if not playbook.is_file():
        raise InvalidArgument(f"playbook: {str(path)!r} is not a file")

    def run(notice: HookNotice) -> None:
        if connection == "ssh" and not notice.address:
            raise PlaybookFailed(f"{playbook.name}: {notice.instance} has no private address to connect to")
        left = notice.left()
        with tempfile.TemporaryDirectory(prefix="trimtab-hook-") as folder:
            inventory = Path(folder, "inventory.json")
            inventory.write_text(json.dumps(inventory_of(notice, connection)))
            extra = Path(folder, "variables.json")
            extra.write_text(json.dumps(dict(variables or {})))
            command = [program, "--inventory", str(inventory), "--extra-vars", f"@{extra}", *arguments, str(playbook)]
            _run(command, playbook, LONGEST if left is None else left, Path(folder, "output"))

    run.__qualname__ = f"ansible_playbook({playbook.name})"
    return run


def inventory_of(notice: HookNotice, connection: str) -> dict[str, Any]:
    """The inventory with the one host of a notice."""
    host = {
        "ansible_connection": connection,
        **({"ansible_host": notice.address} if notice.address else {}),
        "trimtab_instance": notice.instance,
        "trimtab_group": notice.group,
        "trimtab_provider": notice.provider,
        "trimtab_location": notice.location,
        "trimtab_private_address": notice.address,
    }
    groups: dict[str, Any] = {inventory_name(notice.group): {"hosts": {notice.instance: {}}}} if notice.group else {}
    return {"all": {"hosts": {notice.instance: host}, "children": groups}}


def _run(command: Sequence[str], playbook: Path, left: timedelta, output: Path) -> None:
    with output.open("wb") as printed:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=playbook.parent,
                start_new_session=True,
            )
        except OSError as error:
            text = f"{command[0]} cannot be run: {error.strerror}; install ansible-core, or give `program`"
            raise PlaybookFailed(f"{playbook.name}: {text}") from error
        status = _ended(process, left.total_seconds())
    if status is None:
        raise PlaybookFailed(f"{playbook.name}: did not end before the deadline{_last(output)}")
    if status:
        raise PlaybookFailed(f"{playbook.name}: ended with status {status}{_last(output)}")


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    """The status; `None` where it had to be killed, with all that it started."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _last(output: Path) -> str:
    text = one_line(output.read_bytes()[-_SHOWN_BYTES:].decode(errors="replace").strip()[-300:])
    return f": {text}" if text else ""
