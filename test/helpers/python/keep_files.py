"""Walks a list of ids and keeps each file under its id. Arguments: the way, the origin, a directory."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PER_PAGE = 4


def is_more(headers):
    return headers["More"].lower() == "true"


def ids(origin):
    import requests

    start, more = 0, True
    while more:
        page = requests.post(f"{origin}/api/list_files", data={"start": start, "per_page": PER_PAGE})
        page.raise_for_status()
        yield from page.json()["urls"]
        more = is_more(page.headers)
        start += PER_PAGE


def keep(origin, name, directory):
    import requests

    answer = requests.get(f"{origin}/api/download/{name}")
    answer.raise_for_status()
    (directory / name).write_text(answer.text)


def one_after_another(origin, directory):
    for name in ids(origin):
        keep(origin, name, directory)


def executor(origin, directory):
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(keep, origin, name, directory) for name in ids(origin)]:
            done.result()


async def gather(origin, directory):
    import aiohttp

    async with aiohttp.ClientSession(raise_for_status=True) as session:

        async def keep_one(name):
            async with session.get(f"{origin}/api/download/{name}") as answer:
                (directory / f"{name}.txt").write_text(await answer.text())

        tasks, start, more = [], 0, True
        while more:
            fields = {"start": str(start), "per_page": str(PER_PAGE)}
            async with session.post(f"{origin}/api/list_files", data=fields) as page:
                tasks += [asyncio.ensure_future(keep_one(name)) for name in (await page.json())["urls"]]
                more = is_more(page.headers)
            start += PER_PAGE
        await asyncio.gather(*tasks)


WAYS = {
    "requests": one_after_another,
    "threads": executor,
    "aiohttp": lambda origin, directory: asyncio.run(gather(origin, directory)),
}

way, origin, directory = sys.argv[1:]
WAYS[way](origin, Path(directory))
