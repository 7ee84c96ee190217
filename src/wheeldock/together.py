"""Several failures, told as one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheeldock.errors import WheeldockError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def joined(
    errors: Sequence[WheeldockError], otherwise: type[WheeldockError], last: str = ""
) -> WheeldockError:
    """
    One error for all: of their own kind when they are of one, else of that other.

    Its message has each of theirs once, and so has its cure, whose last line is `last`.
    """
    if len(errors) == 1 and not last:
        return errors[0]
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else otherwise
    cures = dict.fromkeys(error.cure for error in errors if error.cure)
    messages = dict.fromkeys(error.message for error in errors)
    return kind(list(messages), cure="\n".join(filter(None, [" ".join(cures), last])))


@contextmanager
def noted(errors: list[WheeldockError]) -> Iterator[None]:
    """Note a failure of what is done meanwhile, and go on, so that it can be told with others."""
    try:
        yield
    except WheeldockError as error:
        errors.append(error)
