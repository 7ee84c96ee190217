from __future__ import annotations

from wheeldock.options import IGNORED_YET, OPTIONS, REFUSED_YET


def test_what_has_no_effect_yet_is_an_option() -> None:
    assert OPTIONS.keys() >= REFUSED_YET | IGNORED_YET
    assert not REFUSED_YET & IGNORED_YET
