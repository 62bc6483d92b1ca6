"""What is kept in `reports/` can be made again in place: the Makefile writes over it with --force."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.report.folder import MARKER, check_free

REPORTS = Path(__file__).parents[1] / "reports"
KEPT = sorted([*REPORTS.glob("studies/*"), REPORTS / "best", REPORTS / "best-flagship"])


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_a_kept_report_may_be_written_over(folder: Path) -> None:
    assert (folder / MARKER).is_file()
    check_free(folder, force=True)


def test_every_study_that_ships_is_kept() -> None:
    assert {folder.name for folder in REPORTS.glob("studies/*")} == {file.stem for file in REPORTS.parent.glob("configs/studies/*.yaml")}
