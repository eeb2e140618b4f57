"""How many threads small computations should use: one."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: in products so small, threads wait more than they work.

    Also a decorator. With several threads and a busy processor a training of half a second was
    seen to take seventeen.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
