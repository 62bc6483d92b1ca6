"""Whatever stands in the names of files, a terminal is told nothing by it."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from simulator.cli.running import Talk, told
from simulator.cli.saying import echo, say
from simulator.report.console import Console
from simulator.report.tables import as_html
from simulator.study.sweep.run import Planned
from simulator.study.sweep.study import Row

ROOT = Path(__file__).parents[2] / "simulator"
HOSTILE = "a\x1b[2J\x9b1mb\r"
SHOWN = "a\\x1b[2J\\x9b1mb\\r"
SAYING = {"cli/saying.py", "cli/entry.py", "report/console.py"}


def test_lines_show_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    echo(f"{HOSTILE}\tµ\nb")
    say(HOSTILE)
    assert capsys.readouterr() == (f"{SHOWN}\tµ\nb\n", f"{SHOWN}\n")


def test_a_console_does_so_in_whatever_is_laid_out_on_it() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, markup=False, color_system="truecolor", width=80)
    table = Table(HOSTILE)
    table.add_row(Text(HOSTILE, style="bold red"))
    console.print(HOSTILE, table, Text(HOSTILE), sep="\n")
    with Progress(console=console) as progress:
        progress.add_task(HOSTILE)
    assert "\x1b[2J" not in file.getvalue()
    assert "\x9b" not in file.getvalue()
    assert file.getvalue().count("\\x1b") >= 5
    assert "\x1b[1;31m" in file.getvalue(), "its own colours are as they were"
    assert "\x1b[2J" not in as_html(table)


def test_combinations_that_cannot_be_run_are_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    with told(Talk.bar, "mine", "seconds", "min") as listen:
        listen(Planned(2, 1, 0, 0, [Row(0, "k", {"machine": HOSTILE}, None, "machine", f"{HOSTILE}: no such file")]))
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert said.count("a\\x1b[2J") == 2


def _sinks(file: Path) -> Iterator[str]:
    """What a module writes on a terminal by."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "rich.console" and any(name.name == "Console" for name in node.names):
            yield "rich's Console"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            said = ast.unparse(node.args[0]) if node.args else ""
            if called in ("typer.echo", "typer.secho", "print", "sys.stderr.write"):
                yield called
            # JSON has escapes of its own
            if called == "sys.stdout.write" and not said.startswith("json.dumps("):
                yield f"{called}({said})"


def test_nothing_is_written_past_them() -> None:
    """`trace` writes a workload file of its own; layouts name rich's console as a type only."""
    found = {str(file.relative_to(ROOT)): list(_sinks(file)) for file in ROOT.rglob("*.py")}
    assert {name: sinks for name, sinks in found.items() if sinks and name not in SAYING} == {
        "cli/trace.py": ["sys.stdout.write(text)"],
        "report/layout.py": ["rich's Console"],
    }
