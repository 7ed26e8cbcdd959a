"""Files that a user names: which are read, which are refused, and that nothing waits for what never comes."""

import gzip
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from trimtab.config import load_fleet, parse_fleet
from trimtab.config.files import read_file, write_file
from trimtab.config.source import MAX_BYTES
from trimtab.errors import ConfigError, InvalidArgument
from trimtab.models.script_size import MAX_BYTES as MAX_SCRIPT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no paths there")

FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 1, max: 1}
    template: {image: ami-1, size: t3.small}
"""


def with_script(path: object) -> str:
    return FLEET.replace("t3.small}", f"t3.small, user_data_file: {path}}}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a script in it and one beside it."""
    inside = tmp_path / "fleets"
    (inside / "scripts").mkdir(parents=True)
    (inside / "scripts" / "setup.sh").write_text("inside")
    (tmp_path / "secret.sh").write_text("outside")
    (inside / "fleet.yaml").write_text(FLEET)
    return inside


def special(kind: str, path: Path) -> Callable[[], object]:
    """Make something at a path that is not a regular file; what to call when it is no longer needed."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # a path of a socket may have 107 bytes
        listener = socket.socket(socket.AF_UNIX)
        there = os.getcwd()
        os.chdir(path.parent)
        try:
            listener.bind(path.name)
        finally:
            os.chdir(there)
        return listener.close
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    return lambda: None


SPECIAL = {
    "pipe": "this is a named pipe; give a file",
    "socket": "this is a socket; give a file",
    "device": "this is a device; give a file",
    "directory": "this is a directory; name the file in it",
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_not_a_file_is_refused_at_once(folder: Path, kind: str) -> None:
    """As the fleet file and as the start script; a pipe without a writer does not hold anybody up."""
    odd = folder / "odd.yaml"
    close = special(kind, odd)
    try:
        with pytest.raises(ConfigError) as caught:
            load_fleet(odd)
        assert str(caught.value).startswith(f"{odd}: {SPECIAL[kind]}")
        (folder / "fleet.yaml").write_text(with_script("odd.yaml"))
        with pytest.raises(ConfigError) as caught:
            load_fleet(folder / "fleet.yaml", allow_outside_files=True)
        assert f"{folder}/fleet.yaml:5: group web, template.user_data_file: odd.yaml: {SPECIAL[kind]}" in str(
            caught.value
        )
    finally:
        close()


OUTSIDE = {
    "above": "../secret.sh",
    "above from below": "scripts/../../secret.sh",
    "absolute": "{folder}/../secret.sh",
    "by a link": "link.sh",
    "by a link to a folder": "up/secret.sh",
    "of the system": "/proc/self/environ",
    "a device": "/dev/zero",
    "missing": "../none.sh",
}


@pytest.mark.parametrize("path", OUTSIDE.values(), ids=OUTSIDE)
def test_a_script_outside_of_the_folder_is_refused(folder: Path, path: str) -> None:
    (folder / "link.sh").symlink_to("../secret.sh")
    (folder / "up").symlink_to("..")
    (folder / "fleet.yaml").write_text(with_script(path.format(folder=folder)))
    with pytest.raises(ConfigError) as caught:
        load_fleet(folder / "fleet.yaml")
    assert "fleet.yaml:5: group web, template.user_data_file: " in str(caught.value)
    fix = "outside of the fleet file's folder; move it there, or allow it with --allow-outside-files"
    assert fix in str(caught.value)


@pytest.mark.parametrize("path", ["../secret.sh", "link.sh", "{folder}/../secret.sh"])
def test_it_is_read_when_that_is_allowed(folder: Path, path: str) -> None:
    (folder / "link.sh").symlink_to("../secret.sh")
    text = with_script(path.format(folder=folder))
    (folder / "fleet.yaml").write_text(text)
    fleet = load_fleet(folder / "fleet.yaml", allow_outside_files=True)
    assert fleet["web"].template.user_data == "outside"
    assert parse_fleet(text, directory=folder, allow_outside_files=True) == fleet
    with pytest.raises(ConfigError, match="outside of"):
        parse_fleet(text, directory=folder)


@pytest.mark.parametrize(
    "path", ["scripts/setup.sh", "./scripts/../scripts/setup.sh", "{folder}/scripts/setup.sh", "same.sh"]
)
def test_what_is_below_the_folder_is_read(folder: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is written, and however the folder is reached."""
    (folder / "same.sh").symlink_to("scripts/setup.sh")
    (folder / "fleet.yaml").write_text(with_script(path.format(folder=folder)))
    (folder.parent / "linked").symlink_to(folder)
    monkeypatch.chdir(folder)
    for name in ("fleet.yaml", folder / "fleet.yaml", folder.parent / "linked" / "fleet.yaml"):
        assert load_fleet(name)["web"].template.user_data == "inside"


def test_a_mounted_folder_of_links_is_below_itself(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap: each file is a link into a hidden folder beside it."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "fleet.yaml").write_text(with_script("setup.sh"))
    (tmp_path / "..2026" / "setup.sh").write_text("mounted")
    (tmp_path / "..data").symlink_to("..2026")
    for name in ("fleet.yaml", "setup.sh"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    assert load_fleet(tmp_path / "fleet.yaml")["web"].template.user_data == "mounted"


def test_a_link_to_itself_is_an_error(folder: Path) -> None:
    (folder / "round.sh").symlink_to("round.sh")
    (folder / "fleet.yaml").write_text(with_script("round.sh"))
    with pytest.raises(ConfigError, match=r"round.sh: cannot be read: |Symlink loop"):
        load_fleet(folder / "fleet.yaml")


def test_a_script_where_its_path_belongs_is_not_shown(folder: Path) -> None:
    (folder / "fleet.yaml").write_text(with_script('"#!/bin/sh\\nhunter2"'))
    with pytest.raises(ConfigError, match="this is a script, not the path of a file") as caught:
        load_fleet(folder / "fleet.yaml")
    assert "hunter2" not in str(caught.value)


def test_what_is_too_large_is_not_read(folder: Path) -> None:
    """A file of a terabyte that takes no room on the disk: its size alone is looked at."""
    for name, size in (("fleet.yaml", MAX_BYTES + 1), ("large.yaml", 2**40)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
        with pytest.raises(ConfigError, match="larger than 1 MiB; split the fleet"):
            load_fleet(folder / name)
    (folder / "fleet.yaml").write_text(with_script("large.sh"))
    for size in (MAX_SCRIPT + 1, 2**40):
        with (folder / "large.sh").open("wb") as file:
            file.truncate(size)
        with pytest.raises(ConfigError, match=r"large.sh:1: the start script is larger than 256 KiB"):
            load_fleet(folder / "fleet.yaml")


def test_a_file_that_says_it_is_empty_is_read_to_the_bound() -> None:
    """As files of the system do."""
    if not Path("/proc/self/maps").exists():
        pytest.skip("there is no /proc")
    with pytest.raises(ConfigError, match="too large"):
        read_file(Path("/proc/self/maps"), "maps", 10, "too large")


def test_a_file_that_becomes_a_pipe_holds_nobody_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what it is and the opening."""
    path = folder / "fleet.yaml"
    real = os.open

    def late(name: object, *more: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real(path, *more)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(ConfigError, match="this is a named pipe"):
        load_fleet(path)


def test_what_a_shell_hands_over_is_read(folder: Path) -> None:
    """`trimtab check <(command)`: whoever asks for that waits for the command."""
    reader, writer = os.pipe()
    feeder = threading.Thread(target=lambda: (os.write(writer, FLEET.encode()), os.close(writer)))
    feeder.start()
    try:
        assert load_fleet(f"/dev/fd/{reader}") == load_fleet(folder / "fleet.yaml")
    finally:
        feeder.join()
        os.close(reader)


def test_what_a_shell_hands_over_is_bounded_and_has_no_folder() -> None:
    for text, words in (("x" * (MAX_BYTES + 1), "larger than 1 MiB"), (with_script("environ"), "cannot find this")):
        reader, writer = os.pipe()
        feeder = threading.Thread(target=feed, args=(writer, text.encode()))
        feeder.start()
        with pytest.raises(ConfigError, match=words):
            load_fleet(f"/dev/fd/{reader}")
        os.close(reader)
        feeder.join()


def feed(writer: int, data: bytes) -> None:
    try:
        with os.fdopen(writer, "wb") as file:
            file.write(data)
    except BrokenPipeError:
        pass


def test_writing_waits_for_no_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "none/plan.json"):
        with pytest.raises(ConfigError, match="cannot be written: "):
            write_file(tmp_path / name, "{}")
    write_file(tmp_path / "plan.json", "a longer text")
    write_file(tmp_path / "plan.json", "{}")
    assert (tmp_path / "plan.json").read_text() == "{}"
    write_file(Path(os.devnull), "{}")


@pytest.mark.sweep
class TestTheCommand:
    """The same, by hand."""

    @pytest.fixture(autouse=True)
    def _needs_cli(self) -> None:
        pytest.importorskip("typer")
        pytest.importorskip("rich")

    def run(self, *arguments: object, text: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "trimtab", *map(str, arguments)]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)

    def test_a_script_elsewhere_takes_an_option(self, folder: Path) -> None:
        (folder / "fleet.yaml").write_text(with_script("../secret.sh"))
        ended = self.run("check", folder / "fleet.yaml")
        assert ended.returncode == 1
        assert "--allow-outside-files" in ended.stderr
        assert self.run("check", folder / "fleet.yaml", "--allow-outside-files").returncode == 0

    def test_standard_input_is_a_fleet(self) -> None:
        assert self.run("check", "-", text=FLEET).stdout.startswith("fleet shop: 1 group")
        ended = self.run("check", "-", text=FLEET.replace("max: 1", "max: x"))
        assert ended.stderr.startswith("error: standard input:4: group web, capacity.max: ")
        assert "cannot find this" in self.run("check", "-", text=with_script("setup.sh")).stderr

    @pytest.mark.parametrize("kind", SPECIAL)
    def test_a_saved_plan_is_a_file(self, folder: Path, kind: str) -> None:
        saved = folder / "plan.json"
        close = special(kind, saved)
        try:
            ended = self.run("apply", folder / "fleet.yaml", "--provider", "memory", "--plan", saved, "--yes")
        finally:
            close()
        assert ended.returncode == 1
        assert f"the saved plan {saved}: {SPECIAL[kind]}" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_a_saved_plan_without_end_is_an_error(self, folder: Path) -> None:
        saved = folder / "plan.json"
        for text in ("[" * 100_000, '{"trimtab_plan": ' + "9" * 10_000 + "}", "\xff"):
            saved.write_bytes(text.encode("latin-1"))
            ended = self.run("apply", folder / "fleet.yaml", "--provider", "memory", "--plan", saved, "--yes")
            assert ended.returncode == 1
            assert f"{saved} is not a saved plan" in ended.stderr
            assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("kind", SPECIAL)
def test_loads_logs_models_and_prices_are_files(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("numpy")
    from trimtab.kpis.prices import Prices
    from trimtab.simulation import FleetModel, Load

    path = tmp_path / "given.csv"
    close = special(kind, path)
    try:
        for read in (Load.from_csv, Load.from_access_log, FleetModel.load, Prices.load):
            with pytest.raises((ConfigError, InvalidArgument), match=re.escape(SPECIAL[kind])):
                read(path)
    finally:
        close()


def test_a_load_that_was_compressed_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    from trimtab.simulation import Load, files

    monkeypatch.setattr(files, "MOST_CHARACTERS", 1000)
    path = tmp_path / "load.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("timestamp,value\n" + " " * 100_000)
    with pytest.raises(InvalidArgument, match="longer than 1,000 characters"):
        Load.from_csv(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the size of a file is limited by a limit of POSIX")
def test_what_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path) -> None:
    """A full disk, for which a limit on the size of files stands: it takes the first of the bytes, as a disk does."""
    import resource
    import signal

    old, new, link = (tmp_path / name for name in ("plan.json", "new.json", "link.json"))
    old.write_text("what was there" * 50)
    old.chmod(0o640)
    link.symlink_to(old)
    limits, heard = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        for path in (old, new, link):
            with pytest.raises(ConfigError, match=rf"{path.name} cannot be written: File too large"):
                write_file(path, "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, heard)
    assert old.read_text() == "what was there" * 50
    assert link.is_symlink()
    assert not new.exists()
    write_file(link, "{}")
    assert (old.read_text(), old.stat().st_mode & 0o777) == ("{}", 0o640)
