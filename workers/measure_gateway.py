"""A gateway with one Python worker as a process, and a client of it, for what measures them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

__all__ = ["Gateway"]


class Gateway:
    """`gateway serve` with one Python worker, and a client of it."""

    def __init__(self, program: Path, roots: Path, output: Path, device: list[str]) -> None:
        command: list[str | Path] = [program, "serve", "--listen", "127.0.0.1:0", "--workers", "python"]
        command += ["--python", sys.executable, "--worker-main", Path(__file__).resolve().with_name("main.py")]
        command += ["--model-root", roots, "--output-dir", output, *device]
        self.log = (output / "gateway.log").open("w+b")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.url = self._address()
        self.ask("POST", "/v1/commands", {"action": "get_schedulers", "payload": {}})

    def _address(self) -> str:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(f"the gateway ended with {self.process.returncode}:\n{self.text()}")
            found = re.search(r"http://127\.0\.0\.1:\d+", self.text())
            if found:
                return found[0]
            time.sleep(0.05)
        raise SystemExit(f"the gateway does not listen:\n{self.text()}")

    def text(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def open(self, verb: str, path: str, body: Any = None, **headers: str) -> HTTPResponse | HTTPError:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json", **headers}, method=verb)
        try:
            answer: HTTPResponse = urllib.request.urlopen(request, timeout=600)
            return answer
        except HTTPError as problem:
            return problem

    def ask(self, verb: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        with self.open(verb, path, body, **headers) as answer:
            reply: dict[str, Any] = json.loads(answer.read())
            return reply

    def command(self, action: str, **payload: Any) -> dict[str, Any]:
        """`data` of a command that succeeds."""
        reply = self.ask("POST", "/v1/commands", {"action": action, "payload": payload})
        if reply.get("success") is not True:
            raise SystemExit(f"{action}: {json.dumps(reply)}")
        data: dict[str, Any] = reply["data"]
        return data

    def worker_gpus(self) -> list[str | None]:
        """CUDA_VISIBLE_DEVICES of each worker process, as the kernel says it."""
        pid = self.process.pid
        children = {child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()}
        found = []
        for child in sorted(children, key=int):
            pairs = (pair.partition("=") for pair in Path(f"/proc/{child}/environ").read_bytes().decode().split("\0"))
            found.append({name: value for name, _, value in pairs}.get("CUDA_VISIBLE_DEVICES"))
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
