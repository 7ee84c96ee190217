"""Root's rights that change nothing."""

from __future__ import annotations

from wheeldock.errors import SetupError
from wheeldock.root import Root


class FakeRoot(Root):
    """Root's rights that change nothing and remember what they were used for."""

    def __init__(self, failing: str = "") -> None:
        super().__init__(())
        self.ran: list[str]
        object.__setattr__(self, "ran", [])
        object.__setattr__(self, "_failing", failing)

    def run(self, *words: str, text: str = "", allow: tuple[int, ...] = (0,)) -> str:
        del text, allow
        self.ran.append(" ".join(words))
        if words[1] == getattr(self, "_failing", None):
            raise SetupError(f"`{words[0]}` failed: E: no room")
        return ""
