"""
What a compiler driver would run for a link, by its own account.

`gcc -###` prints the commands instead of running them, with all that the driver decides: what
response files hold, where libraries are searched, the start files, the LTO plugin.
"""

from __future__ import annotations

import re
import shlex

from compiler.options import LinkerCommand, driver_options_are_known
from compiler.process import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = "COLLECT_GCC_OPTIONS="
_TEMPORARY = re.compile(r'-fresolution=[^"\s]+')


class LinkPlan:
    """A link that is known to read and write nothing but its inputs and its output."""

    def __init__(self, account: str, command: LinkerCommand) -> None:
        self.account = _TEMPORARY.sub("-fresolution=", account)
        """What the driver says that it would do, without the random names in it."""
        self.command = command


def plan(compiler: str, arguments: Sequence[str]) -> LinkPlan | None:
    """
    Ask the driver what a link would do.

    None when it is more than a link, or when it could read or write anything else.
    """
    code, _, complaints = run([compiler, *arguments, "-###"])
    if code:
        return None
    try:
        account = complaints.decode()
        return _read(account)
    except ValueError:  # not UTF-8, quotes that do not match, or an option that is not known
        return None


def _read(account: str) -> LinkPlan | None:
    lines = account.splitlines()
    commands = [line for line in lines if line.startswith(" ")]
    options = next((line for line in lines if line.startswith(_OPTIONS)), None)
    if len(commands) != 1 or options is None:
        return None
    if not driver_options_are_known(shlex.split(options.removeprefix(_OPTIONS))):
        return None
    return LinkPlan(account, LinkerCommand(shlex.split(commands[0])))
