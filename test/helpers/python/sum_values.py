"""Asks /0 to /n-1 and adds up what comes, by the way that is named. Prints the sum."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor


def one_after_another(origin, count):
    import requests

    session = requests.Session()
    return sum(session.get(f"{origin}/{n}").json()["value"] for n in range(count))


def threads(origin, count):
    import requests

    def slice_of(first):
        session = requests.Session()
        return sum(session.get(f"{origin}/{n}").json()["value"] for n in range(first, count, 8))

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(slice_of, range(8)))


async def gather(origin, count):
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def value(n):
            async with session.get(f"{origin}/{n}") as response:
                return (await response.json())["value"]

        return sum(await asyncio.gather(*(value(n) for n in range(count))))


WAYS = {
    "requests": one_after_another,
    "threads": threads,
    "aiohttp": lambda origin, count: asyncio.run(gather(origin, count)),
}

way, origin, count = sys.argv[1:]
print(WAYS[way](origin, int(count)))
