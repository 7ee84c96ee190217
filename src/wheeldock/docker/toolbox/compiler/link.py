"""
A link, from the cache when every input is what it was.

Sound before fast: whatever is in doubt is linked as if this were not here.
"""

# pathlib takes longer to import than a link from the cache takes.
# ruff: noqa: PTH109, PTH118, PTH123
from __future__ import annotations

import json
import os
import re
import stat
import sys
from hashlib import sha256

from compiler import driver, inputs
from compiler.process import become, end_as, restore_locale, run
from compiler.store import Result, Store, replace, umask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from compiler.driver import LinkPlan

_FORMAT = 1
"""A new number forgets all that is known of links."""

_ENVIRONMENT = ("LANG", "LC_", "LD_", "GCC_", "COLLECT_", "LIBRARY_PATH")
"""
What may change a link, or what it says: the variables with these beginnings.

SOURCE_DATE_EPOCH, which is another after each commit, is none. In GNU ld only what writes PE files
and archives asks for a time, and what is linked here is ELF (`options`). The code generator of
LTO, of GCC as of ld's plugin, gets no __DATE__: that was text when it was compiled.
"""

_NEVER = (
    *("DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES", "GCC_COMPARE_DEBUG"),
    *("LDEMULATION", "GNUTARGET", "LD_AUDIT"),
)
"""Variables that make a driver write other files, or a linker one of another kind."""

_FILES_IN_CODE = "unsupported_code_directive"
"""
What ccache calls code that lets the assembler read files (.incbin).

With LTO that happens in the link, and no list of what the linker read has them.
"""

_KNOWN_COMPLAINTS = re.compile(
    r"(?:lto-wrapper: (?:warning: using serial compilation of \d+ LTRANS jobs"
    r"|note: see the .-flto. option documentation for more information)\n)*"
)
"""What a link may say without being in doubt: that its code generator runs in one process."""


class LinkCache:
    """The link cache of one build, as the front was set up in the folder `state`."""

    def __init__(self, state: str) -> None:
        self._state = state
        with open(os.path.join(state, "links.json"), encoding="utf-8") as file:
            settings = json.load(file)
        self._identity: str = settings["identity"]
        self._programs = frozenset(settings["programs"])
        self._folders: list[str] = settings["folders"]
        self.slot: list[str] = settings["slot"]
        """The words before a compiler's that let it wait until it may run."""
        self._store = Store(settings["cache"])

    def link(self, compiler: str, arguments: Sequence[str]) -> int | None:
        """Link, from the cache or not, and return the exit code; None for what is in doubt."""
        plan = self._plan(compiler, arguments)
        if plan is None:
            return None
        key = self._key(plan)
        folders = [*plan.command.folders, *self._folders, "."]
        if self._take(key, plan, folders):
            self._count("hit")
            return 0
        return self._link([*self.slot, compiler, *arguments], key, plan, folders)

    def _plan(self, compiler: str, arguments: Sequence[str]) -> LinkPlan | None:
        if any(name in os.environ for name in _NEVER) or os.isatty(2) or self._is_in_the_dark():
            return None
        plan = driver.plan(compiler, arguments)
        if plan is None or not plan.command.is_shared:
            return None
        if not {os.path.realpath(program) for program in plan.command.programs} <= self._programs:
            return None
        output = plan.command.output
        if os.path.lexists(output) and not stat.S_ISREG(os.lstat(output).st_mode):
            return None
        return plan

    def _is_in_the_dark(self) -> bool:
        log = os.path.join(self._state, "compiles.log")
        try:
            with open(log, encoding="utf-8", errors="replace") as compiles:
                return _FILES_IN_CODE in compiles.read()
        except FileNotFoundError:
            return False

    def _key(self, plan: LinkPlan) -> str:
        environment = sorted(
            item for item in os.environ.items() if item[0].startswith(_ENVIRONMENT)
        )
        link = [_FORMAT, self._identity, plan.account, environment]
        return sha256(json.dumps(link).encode()).hexdigest()

    def _take(self, key: str, plan: LinkPlan, folders: Sequence[str]) -> bool:
        digests: dict[str, str] = {}
        for index, result in enumerate(self._store.results(key)):
            if not result.still_holds(folders, digests):
                continue
            content = self._store.output(result)
            if content is None:
                continue
            mask = umask()
            if plan.command.listing:
                replace(plan.command.listing, result.listing.encode(), 0o666 & ~mask)
            replace(plan.command.output, content, 0o777 & ~mask)
            sys.stderr.write(result.complaints)
            if index:
                self._store.put_first(key, result)
            return True
        return False

    def _link(self, command: list[str], key: str, plan: LinkPlan, folders: Sequence[str]) -> int:
        own_listing = os.path.join(self._state, f"{os.getpid()}.d")
        listing = plan.command.listing or own_listing
        if listing == own_listing:
            command = [*command, f"-Wl,--dependency-file={listing}"]
        before = inputs.settle(plan.command.files)
        code, said, complaints = run(command, forward_signals=True)
        sys.stdout.buffer.write(said)
        sys.stderr.buffer.write(complaints)
        if code == 0:
            self._count("miss")
            try:
                remarks = (said + complaints).decode()
                result, content = _result(listing, before, plan, folders, remarks)
                self._store.keep(key, result, content)
            except (OSError, ValueError):
                pass  # in doubt, or no room: it was linked, which is what was asked for
        return code

    def _count(self, outcome: str) -> None:
        with open(os.path.join(self._state, "links.log"), "a", encoding="ascii") as log:
            log.write(f"{outcome}\n")


def _result(
    listing: str, before: int, plan: LinkPlan, folders: Sequence[str], complaints: str
) -> tuple[Result, bytes]:
    """What a link read and gave; raises ValueError when that is in doubt."""
    if not _KNOWN_COMPLAINTS.fullmatch(complaints):
        raise ValueError(complaints)
    with open(listing, encoding="utf-8") as file:
        listed = file.read()
    read = inputs.read_dependency_file(listed)
    if unread := set(plan.command.files) - set(read):
        raise ValueError(unread)
    files = {path: inputs.settled_digest(path, before) for path in read}
    with open(plan.command.output, "rb") as file:
        content = file.read()
    result = Result(
        files=files,
        present=inputs.present(inputs.searched_names(files), folders),
        # Nothing but debug information says where it was made.
        folder=os.getcwd() if b".debug_" in content else "",
        output=sha256(content).hexdigest(),
        listing=listed,
        complaints=complaints,
    )
    return result, content


def main(state: str, compiler: str, arguments: Sequence[str]) -> None:
    """Link, and end this program as the compiler would."""
    restore_locale()
    slot: list[str] = []
    try:
        cache = LinkCache(state)
        slot = cache.slot
        code = cache.link(compiler, arguments)
    except Exception:  # noqa: BLE001 - whatever is wrong here, the compiler does what was asked
        code = None
    sys.stdout.flush()
    sys.stderr.flush()
    if code is None:
        become([*slot, compiler, *arguments])
    else:
        end_as(code)
