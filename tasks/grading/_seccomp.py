"""The system calls that a program in the box may not make, as a classic BPF program for the kernel.

Namespaces, read-only files and limits do most of the work; this closes what they leave open: starting processes
(the limit on processes does not bind root), tracing or reading the box's own first process, sockets of any family,
new namespaces and mounts, and parts of the kernel that untrusted code has no use for. All fail with EPERM, so that
an honest program that tries one sees an ordinary error.
"""

from __future__ import annotations

import platform
import struct
from typing import NamedTuple

__all__ = ["denied", "filter_program"]

_KILL, _ALLOW, _EPERM, _ENOSYS = 0x80000000, 0x7FFF0000, 0x00050001, 0x00050026
_THREAD = 0x00010000  # CLONE_THREAD
_X32 = 0x40000000  # on x86_64, the bit of the x32 variants of all calls


class _Machine(NamedTuple):
    """An architecture's number, and the numbers of its system calls (Linux's own tables, asm/unistd.h)."""

    arch: int
    clone: int
    forks: dict[str, int]
    others: dict[str, int]


# Added to Linux after the tables were made one for all machines.
_EVERYWHERE = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsmount": 432,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
}
_CLONE3 = 435

_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        56,
        {"fork": 57, "vfork": 58},
        {
            "socket": 41,
            "ptrace": 101,
            "pivot_root": 155,
            "chroot": 161,
            "mount": 165,
            "umount2": 166,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "unshare": 272,
            "perf_event_open": 298,
            "open_by_handle_at": 304,
            "setns": 308,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "kcmp": 312,
            "memfd_create": 319,
            "bpf": 321,
            "userfaultfd": 323,
            **_EVERYWHERE,
        },
    ),
    "aarch64": _Machine(
        0xC00000B7,
        220,
        {},
        {
            "socket": 198,
            "ptrace": 117,
            "pivot_root": 41,
            "chroot": 51,
            "mount": 40,
            "umount2": 39,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "unshare": 97,
            "perf_event_open": 241,
            "open_by_handle_at": 265,
            "setns": 268,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "kcmp": 272,
            "memfd_create": 279,
            "bpf": 280,
            "userfaultfd": 282,
            **_EVERYWHERE,
        },
    ),
}


def denied() -> dict[str, int]:
    """Name and number, on this machine, of every call that always fails in the box; empty where unknown."""
    machine = _MACHINES.get(platform.machine())
    return {} if machine is None else {**machine.forks, **machine.others}


def filter_program(threads: bool = False) -> bytes | None:
    """The filter for this machine; None where its system calls are not known.

    threads: allow them, for runtimes that cannot live without. clone3, whose flags a filter cannot read, then does
    not exist, and C libraries fall back to clone, of which only the variant that makes a thread is allowed.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return None
    # Load the architecture; another one than expected would make the numbers below mean something else.
    code = [(0x20, 0, 0, 4), (0x15, 1, 0, machine.arch), (0x06, 0, 0, _KILL), (0x20, 0, 0, 0)]
    if platform.machine() == "x86_64":
        code += [(0x35, 0, 1, _X32), (0x06, 0, 0, _KILL)]
    for call in (*denied().values(), *(() if threads else (machine.clone, _CLONE3))):
        code += [(0x15, 0, 1, call), (0x06, 0, 0, _EPERM)]
    if threads:  # of clone, the low word of the first argument holds the flags
        code += [(0x15, 0, 1, _CLONE3), (0x06, 0, 0, _ENOSYS), (0x15, 0, 3, machine.clone), (0x20, 0, 0, 16)]
        code += [(0x45, 1, 0, _THREAD), (0x06, 0, 0, _EPERM)]
    return b"".join(struct.pack("HBBI", *line) for line in [*code, (0x06, 0, 0, _ALLOW)])
