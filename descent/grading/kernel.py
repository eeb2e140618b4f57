"""The kernel inside a sandbox: limits first, then ipykernel with its history in memory.

`python -P -m descent.grading.kernel -f CONNECTION_FILE` serves both provisioners.
"""

import sys

from descent.grading import native

MEMORY = 8_000_000_000
"""Bytes of addresses: importing torch takes most of them. Memory itself is limited from outside."""
SECONDS = 3600.0
"""Of processor time."""
OPTIONS = (
    "--HistoryManager.hist_file=:memory:",
    "--InteractiveShellApp.ignore_cwd=True",
    "--log-level=50",  # nobody reads what it would say on the terminal
)


def main(arguments: list[str]) -> None:
    """Run the kernel until it is told to end.

    arguments  of ipykernel
    """
    import ipykernel.kernelapp

    native.limit(MEMORY, SECONDS)
    ipykernel.kernelapp.launch_new_instance([*arguments, *OPTIONS])


if __name__ == "__main__":
    main(sys.argv[1:])
