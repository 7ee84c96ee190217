"""Vector fields in OVF 2.0 files, read and written as NumPy arrays."""

from __future__ import annotations

import dataclasses
import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ovf_example import _core

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Field", "OvfError", "Representation", "__version__", "read", "write"]

__version__ = version("wheeldock-example-ovf")

Representation = Literal["text", "binary4", "binary8"]
_DTYPES = {"text": np.float64, "binary4": np.float32, "binary8": np.float64}


class OvfError(ValueError):
    """Names the file, the line where there is one, and what was expected there."""


@dataclasses.dataclass(frozen=True, eq=False)
class Field:
    """The values on a rectangular mesh, and what a header says of them."""

    data: npt.NDArray[Any]
    """Of shape (z, y, x, value), as it lies in the file; read as float32 from binary4, else as float64."""
    title: str = ""
    description: tuple[str, ...] = ()
    meshunit: str = "m"
    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The first node in x, y and z, in units of `meshunit`."""
    stepsize: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """From one node to the next in x, y and z, in units of `meshunit`."""
    valuelabels: tuple[str, ...] = ()
    """One for each component of a value; none stands for `value_0`, `value_1` and so on."""
    valueunits: tuple[str, ...] = ("1",)
    """One for each component of a value, or one for all."""


def read(path: str | os.PathLike[str]) -> Field:
    """Read a file of one segment; raises OvfError where it is malformed, OSError where `open` does."""
    content = Path(path).read_bytes()
    try:
        return Field(**_core.parse(content))
    except ValueError as error:
        msg = f"{os.fspath(path)}: {error}"
        raise OvfError(msg) from None


def write(
    path: str | os.PathLike[str], field: Field | npt.ArrayLike, representation: Representation = "binary8"
) -> None:
    """Write a field, or a bare array of shape (z, y, x, value); raises OvfError where OVF cannot say it."""
    if representation not in _DTYPES:
        msg = f"representation: got {representation!r}; expected one of {', '.join(_DTYPES)}"
        raise ValueError(msg)
    if not isinstance(field, Field):
        field = Field(np.asarray(field))
    header = {name: value for name, value in vars(field).items() if name != "data"}
    data = np.asarray(field.data).astype(_DTYPES[representation], order="C", casting="same_kind", copy=False)
    valuedim = data.shape[-1] if data.ndim else 0
    header["valuelabels"] = field.valuelabels or tuple(f"value_{i}" for i in range(valuedim))
    header["valueunits"] = field.valueunits * (valuedim if len(field.valueunits) == 1 else 1)
    try:
        content = _core.format(data, representation != "text", **header)
    except ValueError as error:
        msg = f"{os.fspath(path)}: {error}"
        raise OvfError(msg) from None
    Path(path).write_bytes(content)
