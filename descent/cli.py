"""The `descent` command."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand.

    arguments  command line, by default that of the process
    returns    exit code: 0 if all is well
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.run is not lab:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    options.rest = rest
    from descent.course.faults import CourseError

    try:
        run: Command = options.run
        return run(options)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed for {sys.executable}; run: make setup", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        return 130


def build(options: argparse.Namespace) -> int:
    """`descent build`: chapters/ → lectures/ source/ release/ exercises/ solutions/."""
    from descent.course import build as course
    from descent.course.watch import watch

    how = course.Options(options.force, options.execute, options.jobs)
    if options.check:
        return 0 if course.check(options.root, options.chapters) else 1
    if options.watch:
        watch(options.root, options.chapters, how)
        return 0
    return 0 if course.build(options.root, options.chapters, how) else 1


def graders(options: argparse.Namespace) -> int:
    """`descent graders`: judge the attempts, print the table."""
    from concurrent.futures import ThreadPoolExecutor
    from functools import partial

    from descent.course.judge import judge
    from descent.course.plan import select
    from descent.course.table import show

    if options.messages:
        from descent.course.messages import write

        write(options.root, options.chapters, options.messages)
        return 0
    names = select(options.root, options.chapters)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each chapter runs in a process of its own
        verdicts = list(pool.map(partial(judge, options.root), names))
    for name in (n for n, found in zip(names, verdicts, strict=True) if not found):
        if name in options.chapters:
            print(f"{name} has no exercises: nothing to judge")
    return 0 if show(list(zip(names, verdicts, strict=True)), verbose=options.verbose) else 1


def mutants(options: argparse.Namespace) -> int:
    """`descent mutants`: are there tests that notice a small change of a solution?"""
    from descent.course import mutants as course

    how = course.Options(options.sample, options.seed, options.jobs)
    return 0 if course.run(options.root, options.chapters, how) else 1


def check(options: argparse.Namespace) -> int:
    """`descent check`: what the tests say of a student's notebook."""
    from descent.student import check as student

    return student.run(options.root, options.file, options.exercises, options.hint)


def doctor(options: argparse.Namespace) -> int:
    """`descent doctor`: what may go wrong with a notebook that is to be handed in."""
    from descent.student import doctor as student

    return student.run(options.root, options.file, options.fix)


def export(options: argparse.Namespace) -> int:
    """`descent export`: a lecture as one page that needs no kernel and no network."""
    from descent.course.export import export as write

    write(options.file, options.to)
    return 0


def lab(options: argparse.Namespace) -> int:
    """`descent lab`: build what is stale, open JupyterLab."""
    from descent.course import lab as course

    return course.lab(options.root, options.rest)


def grade(options: argparse.Namespace) -> int:
    """`descent grade`: submitted/ → the gradebook and autograded/."""
    from contextlib import nullcontext

    from descent.grading.early import hurry

    how = options.root, options.chapter, options.kernels, options.unsafe
    with nullcontext() if options.dask else hurry(*how) as started:
        from descent.grading import engine, tell  # slow to load: the sandbox starts meanwhile

        names = ("jobs", "kernels", "dask", "unsafe", "force")
        chosen = {name: getattr(options, name) for name in names}
        grading = engine.Options(students=options.student, **chosen)
        return tell.run(options.root, options.chapter, grading, options.report, started)


def feedback(options: argparse.Namespace) -> int:
    """`descent feedback`: autograded/ and the gradebook → feedback/."""
    from descent.grading.feedback import generate

    return 0 if generate(options.root, options.chapter, options.student) else 1


def report(options: argparse.Namespace) -> int:
    """`descent report`: the gradebook → one page and one table for the instructor."""
    from descent.grading.report import write

    write(options.root, options.chapters, options.to)
    return 0


def publish(options: argparse.Namespace) -> int:
    """`descent publish`: the repository that students get."""
    from descent.course.publish import publish as write

    write(options.root, options.to)
    return 0


def find_root(start: Path) -> Path:
    """The course that a folder is in.

    start    any folder
    returns  the nearest folder upwards with chapters/ or lectures/; else that of the installed
             package, if it lies in a course; else the folder itself
    """
    for folder in (start, *start.parents, Path(__file__).resolve().parents[1]):
        if (folder / "chapters").is_dir() or (folder / "lectures").is_dir():
            return folder
    return start


def find_course(start: Path) -> Path:
    """The nbgrader course that a folder is in.

    start    any folder
    returns  the nearest folder upwards with nbgrader_config.py or source/; else the folder itself
    """
    for folder in (start, *start.parents):
        if (folder / "nbgrader_config.py").is_file() or (folder / "source").is_dir():
            return folder
    return start


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="descent", description="Graded Descent's own commands.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_build(commands)
    command = _add(commands, "graders", graders, "judge the attempts at every exercise")
    _chapters(command)
    says = "write a page of what students are told instead"
    command.add_argument("-v", "--verbose", action="store_true", help="a row for every attempt")
    command.add_argument("--messages", type=Path, metavar="FILE.html", help=says)
    command = _add(commands, "mutants", mutants, "see whether the tests notice changed solutions")
    _chapters(command)
    command.add_argument("--sample", type=int, default=0, metavar="N", help="default: all")
    command.add_argument("--seed", type=int, default=0, help="of the sample")
    command.add_argument("--jobs", type=int, default=0, metavar="N", help="default: processors")
    _add_student(commands)
    _add_grade(commands)
    command = _add(commands, "feedback", feedback, "write feedback pages for students", find_course)
    command.add_argument("chapter", metavar="CHAPTER")
    command.add_argument("--student", action="append", default=[], metavar="ID")
    says = "write marks and their analysis, HTML and CSV"
    command = _add(commands, "report", report, says, find_course)
    _chapters(command)
    command.add_argument(
        "--to", type=Path, metavar="FILE.html", help="default: report.html; the CSV goes beside it"
    )
    says = "write, or update, the repository that students get"
    command = _add(commands, "publish", publish, says)
    command.add_argument("to", type=Path, metavar="FOLDER", help="new, or published before")
    command = _add(commands, "lab", lab, "build what is stale and open JupyterLab")
    command.epilog = "Further arguments are JupyterLab's: --no-browser --port 9999"
    return parser


def _add_build(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(commands, "build", build, "build the notebooks that are stale")
    _chapters(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="build again after each save")
    how.add_argument("--check", action="store_true", help="write nothing; fail if any is stale")
    command.add_argument("--force", action="store_true", help="build also what is not stale")
    command.add_argument("--jobs", type=int, default=0, metavar="N", help="default: processors")
    command.add_argument(
        "--no-execute",
        dest="execute",
        action="store_false",
        help="leave lectures and solutions as they are",
    )


def _add_student(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(commands, "check", check, "say what is right in a notebook of exercises")
    command.add_argument("file", type=Path, metavar="NOTEBOOK")
    command.add_argument("exercises", nargs="*", metavar="EXERCISE", help="default: all")
    command.add_argument("--hint", metavar="EXERCISE", help="show its next hint")
    command = _add(commands, "doctor", doctor, "look over a notebook before it is handed in")
    command.add_argument("file", type=Path, metavar="NOTEBOOK")
    command.add_argument("--fix", action="store_true", help="mend it; a copy is kept")
    command = _add(commands, "export", export, "write a lecture as one page that needs no network")
    command.add_argument("file", type=Path, metavar="NOTEBOOK")
    command.add_argument("--to", type=Path, metavar="FILE.html", help="default: beside it")


def _add_grade(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = _add(commands, "grade", grade, "grade what students handed in", find_course)
    command.add_argument("chapter", metavar="CHAPTER")
    command.add_argument(
        "--student", action="append", default=[], metavar="ID", help="may be repeated"
    )
    command.add_argument("--jobs", type=int, default=0, metavar="N", help="default: processors")
    command.add_argument("--kernels", choices=("warm", "cold"), default="warm")
    command.add_argument("--dask", default="", metavar="ADDRESS", help="of a Dask scheduler")
    command.add_argument("--report", type=Path, metavar="FILE", help="rows as .json, or as .csv")
    command.add_argument("--force", action="store_true", help="run also what was graded before")
    command.add_argument(
        "--unsafe", action="store_true", help="run hand-ins without a sandbox, as you"
    )


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Command,
    says: str,
    find: Callable[[Path], Path] = find_root,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
    command.set_defaults(run=run)
    root = find(Path.cwd())
    command.add_argument("--root", type=_folder, default=root, help=f"the course, now {root}")
    return command


def _chapters(command: argparse.ArgumentParser) -> None:
    command.add_argument("chapters", nargs="*", metavar="CHAPTER", help="default: all")


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
