"""Calls of Linux that Python has no names for: namespaces, mounts, capabilities, processes."""

import ctypes
import os
import resource
import sys
from dataclasses import dataclass

NEW_MOUNTS, NEW_UTS, NEW_IPC = 0x00020000, 0x04000000, 0x08000000
NEW_USERS, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
NO_SETUID, NO_DEVICES, NO_EXEC = 2, 4, 8
SET_DUMPABLE, DROP_BOUNDING, NO_NEW_PRIVILEGES = 4, 24, 38
CAPABILITIES = 0x20080522


def fresh_namespaces() -> None:
    """Leave those of the parent: users, mounts, processes (from the next fork), network, IPC.

    raises  OSError where the system does not allow it
    """
    uid, gid = os.getuid(), os.getgid()
    flags = NEW_USERS | NEW_MOUNTS | NEW_PROCESSES | NEW_NETWORK | NEW_IPC | NEW_UTS
    _call("unshare", flags)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def private_folders(size: int) -> int:
    """Give this process's namespace its own empty /tmp, /dev/shm and list of processes.

    size     bytes that each folder may hold
    returns  open folder /proc that shows this namespace's processes, its parent's where the
             system does not allow another
    raises   OSError where the system does not allow it
    """
    options = f"size={size},nr_inodes=20000,mode=1777"
    for folder in ("/tmp", "/dev/shm"):
        _mount("tmpfs", folder, "tmpfs", NO_SETUID | NO_DEVICES | NO_EXEC, options)
    parents = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    try:
        _mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES | NO_EXEC, "")
    except OSError:  # where the parent's own is partly covered
        _mount("tmpfs", "/proc", "tmpfs", NO_SETUID | NO_DEVICES | NO_EXEC, "size=65536,mode=755")
        return parents
    os.close(parents)
    return os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)


def drop_privileges() -> None:
    """Give up all capabilities for good."""
    for capability in range(41):
        _libc().prctl(DROP_BOUNDING, capability, 0, 0, 0)
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def hide_memory() -> None:
    """Keep other processes of the same user from reading or tracing this one."""
    if sys.platform == "linux":
        _call("prctl", SET_DUMPABLE, 0, 0, 0, 0)


def limit(memory: int, seconds: float) -> None:
    """Limit this process and those that it starts.

    memory   bytes that it may have beyond what it has now
    seconds  of processor time
    """
    pages = _statm()
    size = resource.getpagesize()
    cap = {
        "RLIMIT_AS": pages[0] * size + memory,
        "RLIMIT_DATA": pages[5] * size + memory,
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": int(seconds) + 5,
        "RLIMIT_FSIZE": 64 << 20,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_NPROC": 256 if _has_own_users() else 4096,  # counted with all of the user's, else
    }
    for name, value in cap.items():
        kind = getattr(resource, name, None)
        if kind is not None and (pages[0] or "MEM" not in name):
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def _has_own_users() -> bool:
    """Whether this is a namespace of users of its own, in which only its own processes count."""
    try:
        with open("/proc/self/uid_map") as file:  # noqa: PTH123 - before anything is imported
            return file.read().split() != ["0", "0", "4294967295"]
    except OSError:
        return False


def _statm() -> list[int]:
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123 - before anything is imported
            return [int(field) for field in file.read().split()]
    except OSError:
        return [1 << 30] * 7


@dataclass(frozen=True)
class Process:
    """A process of a namespace.

    pid     as its own namespace counts
    parent  pid of its parent, as the list counts
    memory  bytes that it holds by itself
    """

    pid: int
    parent: int
    memory: int


def processes(proc: int) -> dict[int, Process]:
    """All other processes of this process's namespace.

    proc     open folder /proc, of this namespace or of the one around it; -1 if there is none
    returns  pid in that folder -> process
    """
    found: dict[int, Process] = {}
    for name in os.listdir(proc) if proc >= 0 else ():
        if name.isdigit():
            try:
                found[int(name)] = _process(proc, name)
            except (OSError, ValueError, KeyError):  # it has ended
                continue
    me = int(os.readlink("self", dir_fd=proc)) if found else 0
    if me == os.getpid():  # the list is that of this namespace
        mine = {outer for outer, p in found.items() if os.getpid() == 1 or _leads(found, p, me)}
    else:
        mine = {outer for outer, p in found.items() if _leads(found, p, found[me].parent)}
    return {outer: found[outer] for outer in mine - {me}}


def memory_of(proc: int, pid: int) -> int:
    """Bytes that a process of this process's namespace holds by itself, 0 if it can't be seen."""
    try:
        found = _process(proc, str(pid)) if proc >= 0 else None
    except (OSError, ValueError, KeyError):
        return 0
    return found.memory if found and found.pid == pid else 0


def own_memory(proc: int) -> int:
    """Bytes that this process holds by itself, among them what it shares with its parent."""
    try:
        return _process(proc, "self").memory if proc >= 0 else 0
    except (OSError, ValueError, KeyError):
        return 0


def pids(proc: int) -> set[int]:
    """Processes of this process's namespace, as it counts, without itself.

    proc     as for `processes`
    """
    if proc >= 0 and os.readlink("self", dir_fd=proc) == "1":  # quick, where the list is its own
        return {int(name) for name in os.listdir(proc) if name.isdigit()} - {1}
    return {process.pid for process in processes(proc).values()}


def _leads(found: dict[int, Process], process: Process, to: int) -> bool:
    """Whether a process descends from another."""
    for _ in range(1000):
        if process.parent == to:
            return True
        if process.parent not in found:
            return False
        process = found[process.parent]
    return False


def _process(proc: int, name: str) -> Process:
    file = os.open(f"{name}/status", os.O_RDONLY, dir_fd=proc)
    try:
        text = os.read(file, 8192).decode("utf-8", "replace")
    finally:
        os.close(file)
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    memory = int(fields.get("RssAnon", "0 kB").split()[0]) * 1024
    memory += int(fields.get("RssShmem", "0 kB").split()[0]) * 1024
    return Process(int(fields["NSpid"].split()[-1]), int(fields["PPid"]), memory)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    texts = [text.encode() for text in (source, target, kind)]
    _call("mount", *texts, ctypes.c_ulong(flags), options.encode())


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123 - one write, to a file of the system
        file.write(text)
