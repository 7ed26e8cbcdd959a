"""Composed user data, as the real cloud-init reads it."""

import json
import shutil
import subprocess

from tests.servers import missing

CLOUD_INIT = """\
import json, sys, tempfile
from cloudinit.user_data import UserDataProcessor

class Paths:
    def get_cpath(self, *_):
        return tempfile.gettempdir()
    get_ipath = get_ipath_cur = get_cpath

message = UserDataProcessor(Paths()).process(sys.stdin.buffer.read())
parts = [part for part in message.walk() if part.get_content_maintype() != "multipart"]
texts = [part.get_payload(decode=True).decode() for part in parts]
print(json.dumps([[part.get_content_type(), part.get_filename(), text] for part, text in zip(parts, texts)]))
"""
"""Reads user data as the real cloud-init does, in the Python of the distribution that has it."""


def encoded(data):
    return data if isinstance(data, bytes) else data.encode()


def found_by_cloud_init(data):
    """The parts that it finds: type, name and text."""
    if shutil.which("cloud-init") is None:
        missing("cloud-init is not installed (Debian's package cloud-init)")
    done = subprocess.run(["/usr/bin/python3", "-c", CLOUD_INIT], input=encoded(data), capture_output=True, check=True)
    return json.loads(done.stdout)
