"""A slow website on FastAPI: /n waits, then says n as the value of an object. Prints its port.

Arguments: seconds to wait, how many uvicorn workers answer, and the port (0, and so any, unless given). Without a
port it ends with its standard input.
"""

import asyncio
import os
import signal
import socket
import sys
import threading

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

DELAY_S = float(os.environ.setdefault("DELAY_S", sys.argv[1] if len(sys.argv) > 1 else "1"))
app = FastAPI()


@app.get("/{number}")
async def answer(number: int):
    await asyncio.sleep(DELAY_S)
    return {"message": f"number {number} after {DELAY_S} s", "value": number}


def end_with_input():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    os.environ["PYTHONPATH"] = sys.path[0]
    workers = int(sys.argv[2])
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    listener.set_inheritable(True)
    config = uvicorn.Config("slow_site:app", log_level="error", workers=workers)
    server = uvicorn.Server(config)
    print(listener.getsockname()[1], flush=True)
    if port == 0:
        threading.Thread(target=end_with_input, daemon=True).start()
    if workers == 1:
        server.run(sockets=[listener])
    else:
        Multiprocess(config, target=server.run, sockets=[listener]).run()
