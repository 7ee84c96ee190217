"""A person at a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from wheeldock import console


class Screen:
    """What a person sees and answers."""

    def __init__(self) -> None:
        self._file = io.StringIO()
        self.show = console.printer(Console(file=self._file, width=100))
        self.asked: list[str] = []
        self.answer = True

    @property
    def text(self) -> str:
        return self._file.getvalue()

    def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer
