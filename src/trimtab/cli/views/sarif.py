"""What `check` found as a SARIF log, which code scanning and editors read."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trimtab.checks import Rule
from trimtab.cli.views.entries import INVALID, Entry, absolute_path, relative_uri

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The name of the folder that relative addresses begin at."""
_INVALID_TITLE = "A file that is not valid"


def sarif_log(entries: Sequence[Entry], rules: Mapping[str, Rule], *, folder: Path, version: str) -> dict[str, Any]:
    """
    A SARIF 2.1.0 log with one run.

    Sources: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html and, for
    what GitHub wants, https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support

    Args:
        entries: The rows.
        rules: All checks.
        folder: Where relative paths begin.
        version: That of trimtab.
    """
    results = [entry for entry in entries if entry.position is not None or not entry.is_error]
    failures = [entry for entry in entries if entry.position is None and entry.is_error]
    first = {entry.code: entry for entry in reversed(results)}
    codes = sorted(first)
    driver = {
        "name": "trimtab",
        "version": version,
        "informationUri": "https://trimtab.readthedocs.io",
        "rules": [_rule(first[code], rules) for code in codes],
    }
    invocation: dict[str, Any] = {"executionSuccessful": not failures}
    if failures:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": entry.text}} for entry in failures
        ]
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "originalUriBaseIds": {ROOT: {"uri": f"{folder.as_uri().rstrip('/')}/"}},
        "columnKind": "unicodeCodePoints",
        "results": _results(results, codes, folder),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(entry: Entry, rules: Mapping[str, Rule]) -> dict[str, Any]:
    title = _INVALID_TITLE if entry.code == INVALID else rules[entry.code].title
    return {
        "id": entry.code,
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": f"{title}. See {entry.page}" if entry.page else title},
        **({"helpUri": entry.page} if entry.page else {}),
        "defaultConfiguration": {"level": _level(entry)},
    }


def _level(entry: Entry) -> str:
    return "error" if entry.is_error else "warning"


def _results(entries: Sequence[Entry], codes: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    any_ignored = any(entry.is_ignored for entry in entries)
    fingerprints: Counter[str] = Counter()
    results = []
    for entry in entries:
        fingerprints[_fingerprint(entry)] += 1
        results.append(
            {
                "ruleId": entry.code,
                "ruleIndex": codes.index(entry.code),
                "level": _level(entry),
                "message": {"text": f"{entry.text}. Fix: {entry.mend}" if entry.mend else entry.text},
                "partialFingerprints": {
                    "groupAndField/v1": f"{_fingerprint(entry)}:{fingerprints[_fingerprint(entry)]}"
                },
                **({"locations": [_location(entry, folder)]} if entry.file else {}),
                # section 3.27.23: on all results or on none
                **({"suppressions": _suppressions(entry)} if any_ignored else {}),
            }
        )
    return results


def _location(entry: Entry, folder: Path) -> dict[str, Any]:
    assert entry.position is not None
    relative = relative_uri(entry.file, folder)
    where = {"uri": relative, "uriBaseId": ROOT} if relative else {"uri": absolute_path(entry.file, folder).as_uri()}
    region = {"startLine": entry.position.line, "startColumn": entry.position.column}
    return {"physicalLocation": {"artifactLocation": where, "region": region}}


def _suppressions(entry: Entry) -> list[dict[str, str]]:
    why = {"justification": entry.reason} if entry.reason else {}
    return [{"kind": "inSource", **why}] if entry.is_ignored else []


def _fingerprint(entry: Entry) -> str:
    """The same wherever in the file the group stands."""
    return hashlib.sha256("\0".join((entry.code, entry.group, entry.path)).encode()).hexdigest()
