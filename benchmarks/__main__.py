"""`python -m benchmarks`: measure, print the table, write the figures and the picture."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import curve, results
from benchmarks.checks import WrongResultError
from benchmarks.command import CommandError
from benchmarks.measure import measure, round_plan
from benchmarks.peers import install_cibuildwheel
from benchmarks.picture import picture
from benchmarks.projects import EXAMPLE, PROJECTS
from benchmarks.results import Machine, Results
from benchmarks.scenarios import SCENARIOS, chosen
from benchmarks.table import table
from benchmarks.ways import USUAL, WAYS
from wheeldock import baseimage
from wheeldock.builder import Buildx
from wheeldock.errors import WheeldockError
from wheeldock.index import index_url

TABLE_WIDTH = 110
"""Columns that the table of all ways needs: a log has no width of its own."""


def main() -> int:
    """Run the command line and return the exit code."""
    arguments = _arguments()
    console = Console(stderr=True)
    try:
        if arguments.curve:
            _draw_curve(arguments, console)
            return 0
        for name in arguments.project or ["pyovf"]:
            path = arguments.output_dir / f"{name}.json"
            if not arguments.redraw:
                results.write(_measured(name, arguments, console), path)
            _show(results.read(path), path)
    except (CommandError, WrongResultError) as error:
        console.print(f"error: {error}", markup=False, highlight=False)
        return 1
    except WheeldockError as error:
        console.print(f"error: {error.message}\n{error.cure}", markup=False, highlight=False)
        return error.code
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--project", action="append", choices=PROJECTS, help="default: pyovf")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, help="default: all")
    parser.add_argument("--way", action="append", choices=WAYS, help=f"default: {USUAL}")
    parser.add_argument("--rounds", type=int, default=3, help="of wheeldock (default: 3)")
    parser.add_argument(
        "--peer-rounds",
        type=int,
        default=1,
        help="of the other ways, which take minutes each (default: 1)",
    )
    home = Path("benchmarks", "results")
    parser.add_argument("--output-dir", type=Path, default=home, help=f"default: {home}")
    parser.add_argument("--redraw", action="store_true", help="measure nothing, show what was")
    more = "draw seconds against the number of wheels of the example instead"
    parser.add_argument("--curve", action="store_true", help=more)
    return parser.parse_args()


def _measured(name: str, arguments: argparse.Namespace, console: Console) -> Results:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    project = PROJECTS[name]
    install_cibuildwheel(index_url(os.environ))
    base = baseimage.resolve(baseimage.DEFAULT, baseimage.HOME, Buildx(), say=say)
    scenarios = chosen(tuple(arguments.scenario or ()))
    ways = arguments.way or USUAL
    rounds = round_plan(ways, arguments.rounds, arguments.peer_rounds)
    started = results.now()
    samples = tuple(measure(project, scenarios, rounds, base.reference, say))
    return Results(
        project=project.requirement,
        wheels=len(project.pythons),
        started=started,
        machine=Machine.this(base.reference),
        samples=samples,
    )


def _draw_curve(arguments: argparse.Namespace, console: Console) -> None:
    path = arguments.output_dir / "curve.json"
    if arguments.redraw:
        measured = curve.read(path)
    else:
        install_cibuildwheel(index_url(os.environ))
        base = baseimage.resolve(baseimage.DEFAULT, baseimage.HOME, Buildx(), say=console.print)
        pythons = sorted(
            (name.partition("-")[0] for name in base.interpreters if _is_plain(name)),
            key=lambda python: int(python.removeprefix("cp3")),
        )
        measured = list(curve.points(EXAMPLE, pythons, base.reference, console.print))
    curve.write(measured, path)
    for point in measured:
        Console().print(f"{point.wheels} {point.scenario} {point.way} {point.seconds:.1f} s")


def _is_plain(interpreter: str) -> bool:
    """Whether a folder of /opt/python has a CPython with the ABI that most wheels are for."""
    python, _, abi = interpreter.partition("-")
    return python == abi and python.startswith("cp3")


def _show(measured: Results, path: Path) -> None:
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)
    console.print(table(measured))
    drawn = path.with_suffix(".svg")
    drawn.write_text(picture(measured), encoding="utf-8")
    console.print(f"All figures: {path}; picture: {drawn}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
