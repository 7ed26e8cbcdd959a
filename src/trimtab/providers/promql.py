"""The name of a group in a PromQL query, as the texts in it write what they hold."""

import re

from trimtab.errors import Unsupported

PLACEHOLDER = "{group}"
# https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
_TOKEN = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`""", re.DOTALL)
_IS_PATTERN = re.compile(r"[=!]~\s*$")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
# the backslash first: the others are written with one
_ESCAPES = {"\\": r"\\", "\n": r"\n", "\r": r"\r"}


def fill_query(query: str, group: str) -> str:
    """
    The query with the group's name for `{group}`, which stands in texts alone.

    In a matcher of a regular expression the name is quoted, so that it matches itself alone.

    Raises:
        Unsupported: It stands elsewhere, or in backticks, which the name has too.
    """
    if PLACEHOLDER not in query:
        return query
    parts, end = [], 0
    for token in _TOKEN.finditer(query):
        before = query[end : token.start()]
        if PLACEHOLDER in before:
            raise Unsupported('write {group} within quotes, such as instance_group="{group}"')
        parts += [before, _filled(token[0], group, is_pattern=bool(_IS_PATTERN.search(before)))]
        end = token.end()
    if PLACEHOLDER in query[end:]:
        raise Unsupported('write {group} within quotes, such as instance_group="{group}"')
    return "".join([*parts, query[end:]])


def _filled(token: str, group: str, *, is_pattern: bool) -> str:
    if PLACEHOLDER not in token or token.startswith("#"):
        return token
    text = _SPECIAL.sub(r"\\\g<0>", group) if is_pattern else group
    if not token.startswith("`"):
        # of the two quotes only that around the text has an escape
        for letter, escaped in ({**_ESCAPES, token[0]: f"\\{token[0]}"}).items():
            text = text.replace(letter, escaped)
        return token.replace(PLACEHOLDER, text)
    if "`" in text:
        raise Unsupported(f"the name {group!r} has a backtick; write {{group}} in double quotes")
    return token.replace(PLACEHOLDER, text)
