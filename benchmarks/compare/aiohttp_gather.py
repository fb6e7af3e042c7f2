"""Fetches N numbered URLs with aiohttp, all at once, spread over several sessions on one event loop.

This is the way a Python program does a bulk download well: several ClientSessions with their own connectors, every
task started together, every answer checked. The last line of stdout is a JSON account of the run itself.
"""

import asyncio
import json
import sys
import time

import aiohttp


async def fetch(session: aiohttp.ClientSession, origin: str, number: int) -> bool:
    async with session.get(f"{origin}/{number}") as response:
        body = await response.text()
        return response.status == 200 and body == str(number)


async def run(origin: str, trial_count: int, session_count: int) -> dict:
    share = -(-trial_count // session_count)
    timeout = aiohttp.ClientTimeout(total=120)
    sessions = [
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=share), timeout=timeout)
        for _ in range(session_count)
    ]
    started = time.perf_counter()
    cpu_started = time.process_time()
    answers = await asyncio.gather(
        *(fetch(sessions[number % session_count], origin, number) for number in range(trial_count)),
        return_exceptions=True,
    )
    wall_ms = (time.perf_counter() - started) * 1e3
    cpu_us = (time.process_time() - cpu_started) * 1e6
    ok = sum(1 for answer in answers if answer is True)
    await asyncio.gather(*(session.close() for session in sessions))
    return {"ok": ok, "failed": trial_count - ok, "wallMs": wall_ms, "cpuUs": cpu_us, "aiohttp": aiohttp.__version__}


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: aiohttp_gather.py ORIGIN TRIALS SESSIONS")
    account = asyncio.run(run(sys.argv[1].rstrip("/"), int(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps(account))
