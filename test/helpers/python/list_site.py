"""A paginated list of 25 files on Flask: pages of ids, and "k of 25" behind each. Prints its port."""

import uuid

from flask import Flask, abort, jsonify, request
from werkzeug.serving import make_server

COUNT = 25
IDS = [str(uuid.uuid4()) for _ in range(COUNT)]
NUMBERS = {name: number for number, name in enumerate(IDS)}
app = Flask(__name__)


@app.get("/api/list_files")
def everything():
    return jsonify(data=[{name: number} for name, number in NUMBERS.items()])


@app.post("/api/list_files")
def page():
    start = request.values.get("start", 0, type=int)
    count = min(5, request.values.get("per_page", 3, type=int))
    answer = jsonify(urls=IDS[start : start + count])
    answer.headers["More"] = str(start + count < COUNT)
    return answer


@app.get("/api/download/<name>")
def download(name):
    if name not in NUMBERS:
        abort(404)
    return f"{NUMBERS[name] + 1} of {COUNT}"


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
