"""A proxy before a good gateway, over HTTP. Its command line: an address, then the gateway's own with `{inner}` for its address.

`run(change)` starts it; change(path, body) is what a client gets in place of a body of JSON.
"""

import http.client
import http.server
import os
import signal
import socket
import subprocess
import sys
import time

# Headers of one connection, and those that a new body decides.
OWN = ("connection", "transfer-encoding", "content-length", "keep-alive")


def free_address():
    """An address that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def handler(inner, outer, change):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def forward(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = http.client.HTTPConnection(inner)
            # The gateway serves its own address alone.
            headers = {k: v.replace(outer, inner) for k, v in self.headers.items() if k.lower() not in OWN}
            asked.request(self.command, self.path, body or None, headers)
            answer = asked.getresponse()
            content = answer.read()
            if "json" in answer.headers.get("content-type", "") and content:
                content = change(self.path, content)
            self.send_response_only(answer.status, answer.reason)
            for name, value in answer.headers.items():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            length = answer.headers.get("content-length", "0") if is_head else str(len(content))
            self.send_header("content-length", length)
            self.end_headers()
            if not is_head:
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = forward

    return Handler


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def run(change):
    outer, *command = sys.argv[1:]
    inner = free_address()
    gateway = subprocess.Popen([word.replace("{inner}", inner) for word in command])

    def stop(number, _):
        gateway.send_signal(number)
        os._exit(gateway.wait())

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    host, port = inner.split(":")
    while gateway.poll() is None:
        try:
            socket.create_connection((host, int(port)), 1).close()
            break
        except OSError:
            time.sleep(0.02)
    host, port = outer.split(":")
    Server((host, int(port)), handler(inner, outer, change)).serve_forever()
