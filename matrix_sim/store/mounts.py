"""Whether a directory lies on a network file system, where SQLite's WAL is not safe.

WAL needs memory shared by all who open the database, which a network file system does not
give (sqlite.org/wal.html).
"""

from __future__ import annotations

import re
from pathlib import Path

NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.ceph-fuse",
        "fuse.glusterfs",
        "fuse.juicefs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "nfs",
        "nfs4",
        "smb2",
        "smb3",
        "smbfs",
    }
)
"""Types as the kernel names them in the table of mounts."""

_MOUNT_TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def read_mounts() -> str:
    """The kernel's table of mounts; empty on a system that has none."""
    try:
        return _MOUNT_TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def file_system_of(directory: Path, mounts: str) -> str:
    """The type of the file system that holds `directory`; empty if `mounts` does not say.

    Args:
        directory: absolute and resolved.
        mounts: lines in the format of `/proc/self/mountinfo` (proc(5)).
    """
    best = ("", "")
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        columns = fields.split(" ")
        if len(columns) < 5 or not rest:
            continue
        point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), columns[4])
        # Equally long: the later one is mounted over the earlier.
        if directory.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, rest.split(" ")[0])
    return best[1]
