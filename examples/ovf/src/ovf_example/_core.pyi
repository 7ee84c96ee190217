from typing import Any

import numpy as np
import numpy.typing as npt

def parse(content: bytes) -> dict[str, Any]: ...
def format(data: npt.NDArray[np.float32 | np.float64], binary: bool, **field: object) -> bytes: ...
