"""The `descent` command of the repository that students get."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand.

    arguments  command line, by default that of the process
    returns    exit code: 0 if all is well
    """
    parser = argparse.ArgumentParser(prog="descent", description="Graded Descent's own commands.")
    root = find_root(Path.cwd())
    parser.add_argument("--root", type=Path, default=root, help=f"the course, now {root}")
    add_commands(parser.add_subparsers(metavar="COMMAND", required=True))
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return 130
    return code


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `check` and `doctor`."""
    says = "Say what is right in a notebook of exercises."
    command = commands.add_parser("check", help=says, description=says)
    command.set_defaults(run=check)
    command.add_argument("file", type=Path, metavar="NOTEBOOK")
    command.add_argument("exercises", nargs="*", metavar="EXERCISE", help="default: all")
    command.add_argument("--hint", metavar="EXERCISE", help="show its next hint")
    says = "Look over a notebook before it is handed in."
    command = commands.add_parser("doctor", help=says, description=says)
    command.set_defaults(run=doctor)
    command.add_argument("file", type=Path, metavar="NOTEBOOK")
    command.add_argument("--fix", action="store_true", help="mend it; a copy is kept")


def check(options: argparse.Namespace) -> int:
    """`descent check`: what the tests say of a student's notebook."""
    from descent.student import check as student

    return student.run(options.root, options.file, options.exercises, options.hint)


def doctor(options: argparse.Namespace) -> int:
    """`descent doctor`: what may go wrong with a notebook that is to be handed in."""
    from descent.student import doctor as student

    return student.run(options.root, options.file, options.fix)


def find_root(start: Path) -> Path:
    """The course that a folder is in.

    returns  the nearest folder upwards with release/; else that of the installed package, if it
             lies in a course; else the folder itself
    """
    for folder in (start, *start.parents, Path(__file__).resolve().parents[2]):
        if (folder / "release").is_dir():
            return folder
    return start


if __name__ == "__main__":
    sys.exit(main())
