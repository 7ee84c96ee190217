from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.toolbox_scripts import EXPLAINED, tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["tool"]  # a fixture


def test_audits_run_one_after_the_other_until_one_fails(
    tool: Callable[[str], ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audits = [f"echo {{{name}}} >> log" for name in ("wheel", "abi3_wheel", "package")]
    wheel, package = Path("/w/x.whl"), Path("/src/p")
    with pytest.raises(SystemExit) as caught:
        tool("audit_wheel").audit(wheel, [*audits, "exit 7", "touch more"], tmp_path, package)
    assert caught.value.code == 38
    assert (tmp_path / "log").read_text().split() == [str(wheel), str(wheel), str(package)]
    assert not (tmp_path / "more").exists()
    assert f"{EXPLAINED}audit-command ended with exit code 7: exit 7" in capsys.readouterr().err
