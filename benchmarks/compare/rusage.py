"""Runs one command as its own process and says what it used: wall time, CPU and largest resident set.

Node gives a parent no rusage of one child, so this small wrapper asks the kernel (wait4). Its own start-up is in
none of the figures. The account is one line of JSON on file descriptor 3; stdout and stderr are the command's own.
CPU is that of the command and of the processes it waited for; the resident set is that of the largest of them, and
never reads below this interpreter's own (about 10 MB), which the kernel carries over an exec.
"""

import json
import os
import resource
import sys
import time

ACCOUNT_FD = 3


def main() -> int:
    command = sys.argv[1:]
    if not command:
        print("usage: rusage.py COMMAND [ARGUMENT...] (account on file descriptor 3)", file=sys.stderr)
        return 2
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.set_inheritable(ACCOUNT_FD, False)
    started_ns = time.monotonic_ns()
    try:
        pid = os.posix_spawnp(command[0], command, os.environ)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    _, status, used = os.wait4(pid, 0)
    wall_ns = time.monotonic_ns() - started_ns
    exit_code = os.waitstatus_to_exitcode(status)
    account = {
        "wallMs": wall_ns / 1e6,
        "userUs": round(used.ru_utime * 1e6),
        "systemUs": round(used.ru_stime * 1e6),
        "peakRssBytes": used.ru_maxrss * 1024,
        "exitCode": exit_code,
    }
    os.write(ACCOUNT_FD, (json.dumps(account) + "\n").encode())
    return exit_code if exit_code >= 0 else 128 - exit_code


sys.exit(main())
