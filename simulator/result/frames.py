"""Records as a pandas table, which only those need who ask for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def frame(rows: Sequence[Mapping[str, Any]], index: str | list[str]) -> pd.DataFrame:
    """One row a record, found by `index`. Raises ImportError, with what to install, where pandas is missing."""
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise ImportError("a table of results needs pandas, which sparsim does not install by itself: pip install pandas") from error
    return pd.DataFrame([dict(row) for row in rows]).set_index(index)
