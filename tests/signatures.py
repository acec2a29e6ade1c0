"""A proxy before a running engine that checks the AWS signature of each request, as AWS would."""

import http.client
import http.server
import re
import threading

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


class SignatureProxy:
    def __init__(self, kiln):
        self.kiln, self.wrong, self.checked = kiln, [], 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                proxy.check(self, body)
                connection = http.client.HTTPConnection("127.0.0.1", proxy.kiln.port, timeout=60)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                content = response.read()
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def check(self, handler, body):
        self.checked += 1
        authorization = handler.headers.get("Authorization", "")
        found = re.match(r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d+)/([\w-]+)/([\w-]+)/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=(\w+)", authorization)
        if not found or found[1] != KEY:
            self.wrong.append(f"{handler.command} {handler.path}: {authorization!r}")
            return
        request = AWSRequest(method=handler.command, url=self.url + handler.path, data=body)
        for name in found[5].split(";"):
            request.headers[name] = handler.headers[name]
        request.context["timestamp"] = handler.headers["X-Amz-Date"]
        auth = SigV4Auth(Credentials(KEY, SECRET), found[4], found[3])
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        if signature != found[6]:
            self.wrong.append(f"{handler.command} {handler.path}: signature {found[6]}, not {signature}")

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
