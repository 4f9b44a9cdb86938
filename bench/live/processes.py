"""What /proc says of processes."""

import os
import pathlib
import time

TICK = os.sysconf("SC_CLK_TCK")
MARK = "SISYPHUS_LIVE_BENCH"  # in the environment of all that a box starts, so that survivors can be found


def _stat(pid):
    """The fields of proc(5) stat behind the name: state is 0, parent 1, times 11 to 14."""
    return pathlib.Path("/proc", str(pid), "stat").read_text().rpartition(") ")[2].split()


def _numbers():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parents():
    """Process -> its parent and state, of all that there are."""
    found = {}
    for pid in _numbers():
        try:
            fields = _stat(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has gone meanwhile
        found[pid] = int(fields[1]), fields[0]
    return found


def descendants(root):
    """Process -> state of all below `root`, zombies too."""
    table, found, generation = parents(), {}, {root}
    while generation:
        generation = {pid for pid, (parent, _) in table.items() if parent in generation}
        found |= {pid: table[pid][1] for pid in generation}
    return found


def children(root):
    return [pid for pid, (parent, _) in parents().items() if parent == root]


def with_text(name, text):
    """Live processes in whose /proc/PID/`name` the text stands."""
    found = []
    for pid in _numbers():
        try:
            content = pathlib.Path("/proc", str(pid), name).read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if text.encode() in content and pid != os.getpid():
            found.append(pid)
    return found


def own_cpu(pid):
    """Seconds of processor that it has used, to a hundredth, without its children."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def tree_cpu(pid):
    """The same with all children that it has waited for, and theirs."""
    return sum(int(field) for field in _stat(pid)[11:15]) / TICK


def memory(pid, name="VmRSS"):
    """Bytes; VmHWM is the most that it ever was."""
    for line in pathlib.Path("/proc", str(pid), "status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no {name} of process {pid}")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def monotonic_of(wall):
    """CLOCK_MONOTONIC of a moment on the wall clock, which must not be set meanwhile."""
    return wall - time.time() + time.monotonic()
