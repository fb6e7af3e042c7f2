"""Fetches /0 to /n-1, reads the value of each and adds them up, by the way that is named.

WAY is one of: sequential, threads (COUNT threads with a slice and a session each), gather (one session, all tasks at
once), sessions (COUNT sessions on one event loop), processes (COUNT processes of ten sessions each). The last line of
stdout is a JSON account of the run itself.
"""

import asyncio
import json
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

SESSIONS_A_PROCESS = 10


def fetch_slice(origin, numbers):
    import requests

    with requests.Session() as session:
        total = 0
        for number in numbers:
            answer = session.get(f"{origin}/{number}")
            answer.raise_for_status()
            total += answer.json()["value"]
        return total


def threads(origin, trials, count):
    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(lambda first: fetch_slice(origin, range(first, trials, count)), range(count)))


async def fetch_in_sessions(origin, numbers, count):
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=600)
    sessions = [aiohttp.ClientSession(timeout=timeout, raise_for_status=True) for _ in range(count)]

    async def value(number):
        async with sessions[number % count].get(f"{origin}/{number}") as answer:
            return (await answer.json())["value"]

    total = sum(await asyncio.gather(*(value(number) for number in numbers)))
    await asyncio.gather(*(session.close() for session in sessions))
    return total


def sessions(origin, trials, count):
    return asyncio.run(fetch_in_sessions(origin, range(trials), count))


def one_process(origin, first, trials, count):
    return asyncio.run(fetch_in_sessions(origin, range(first, trials, count), SESSIONS_A_PROCESS))


def processes(origin, trials, count):
    with ProcessPoolExecutor(count) as pool:
        parts = [pool.submit(one_process, origin, first, trials, count) for first in range(count)]
        return sum(part.result() for part in parts)


WAYS = {
    "sequential": lambda origin, trials, _: fetch_slice(origin, range(trials)),
    "threads": threads,
    "gather": lambda origin, trials, _: sessions(origin, trials, 1),
    "sessions": sessions,
    "processes": processes,
}


def cpu_us():
    return sum(
        (usage.ru_utime + usage.ru_stime) * 1e6
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in WAYS:
        sys.exit("usage: clients.py WAY ORIGIN TRIALS COUNT")
    way, origin, trials, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    started, cpu_started = time.perf_counter(), cpu_us()
    total = WAYS[way](origin, trials, count)
    wall_ms = (time.perf_counter() - started) * 1e3
    ok = trials if total == trials * (trials - 1) // 2 else 0
    print(json.dumps({"ok": ok, "failed": trials - ok, "wallMs": wall_ms, "cpuUs": cpu_us() - cpu_started}))
