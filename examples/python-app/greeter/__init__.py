"""Answers every GET with a greeting."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Greeter(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"hello from Python, user {os.getuid()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    try:
        ThreadingHTTPServer(("", 8000), Greeter).serve_forever()
    except KeyboardInterrupt:
        pass
