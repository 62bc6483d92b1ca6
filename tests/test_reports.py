"""What is kept in `reports/` can be made again in place: the Makefile writes over it with --force."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.report.folder import check_free

REPORTS = Path(__file__).parents[1] / "reports"
KEPT = sorted([*REPORTS.glob("studies/*"), REPORTS / "best", REPORTS / "best-flagship"])


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_a_kept_report_may_be_written_over(folder: Path) -> None:
    check_free(folder, force=True)
