"""What is installed beside a start script: which versions, by which script, and in which user data; pure."""

from trimtab.providers.agents.install import installers_of, installs, script_of
from trimtab.providers.agents.table import agents_of
from trimtab.providers.agents.user_data import ReadBack, archive_of, compose, read_back

__all__ = ["ReadBack", "agents_of", "archive_of", "compose", "installers_of", "installs", "read_back", "script_of"]
