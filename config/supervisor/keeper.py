"""The last one out: kills what a supervisor left behind when it was itself killed.

Started as a program of its own, before anything else. On standard input the supervisor names the process groups it
starts ("+123") and those that are gone ("-123"). End of input without a goodbye means that the supervisor is dead,
however it died, since the system closes the pipe; what is still on the list is killed then. Linux's "signal on
parent's death" would not do: it reaches the children only, and a Celery worker has a child of its own, beat. A process
group takes them all, on macOS too.

It inherits the lock on DATA_DIR, so a new start waits until the old processes are gone.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
