"""Requests made from botocore's own service models, with any one member made wrong, as raw bytes in each protocol that
Kiln speaks. Values that no serializer would write (other types, bytes that are no UTF-8, 1e999) are written as they are."""

import http.client
import json
import urllib.parse

import botocore.session

session = botocore.session.get_session()


class Raw:
    """A value that stands in JSON, forms and CBOR as these bytes. `text`: what it is in a path, header or form."""

    def __init__(self, json_bytes, text=None, cbor=None):
        self.json, self.cbor = json_bytes, cbor or json_bytes
        self.text = text if text is not None else json_bytes


class Absent:
    """In place of a member: it is left out."""


DEEP = 10_000
MEGABYTE = b"x" * (1 << 20)

# What each member is replaced by. The first ones come first in a short run.
WRONG = {
    "a number": 7,
    "a text": "x",
    "null": None,
    "empty": "",
    "a list": [],
    "a structure": {},
    "not UTF-8": Raw(b'"a\xff\xfe"', b"a\xff\xfe", b"\x63a\xff\xfe"),
    "negative": -1,
    "an unknown member": {"Unknown7": "x"},
    "a list of nulls": [None],
    "a list of lists": [[["x"]]],
    "true": True,
    "1e999": Raw(b"1e999", b"1e999", b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
    "not a number": Raw(b"NaN", b"NaN", b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
    "beyond 64 bits": Raw(b"99999999999999999999", b"99999999999999999999", b"\x1b" + b"\xff" * 8),
    "beyond 32 bits": 1 << 40,
    "the least": -(1 << 63),
    "a fraction": 0.5,
    "a lone surrogate": Raw(b'"\\ud800"', b"\xed\xa0\x80", b"\x63\xed\xa0\x80"),
    "NUL and line ends": "a\0b\r\nX: y",
    "format characters": "%s%n{}'\"<>&\\../../..",
    "nested deep": Raw(b"[" * DEEP + b"]" * DEEP, b"[" * 100, b"\x81" * DEEP + b"\x80"),
    "nested structures": Raw(b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"{" * 100, b"\xa1aa" * DEEP + b"\xf6"),
    "a megabyte": Raw(b'"' + MEGABYTE + b'"', MEGABYTE, b"\x7a\x00\x10\x00\x00" + MEGABYTE),
    "many elements": ["x"] * 20_000,
    "many names": {f"n{i}": "x" for i in range(5_000)},
    "bytes": Raw(b'"AAECAw=="', b"\0\1\2\3", b"\x44\x00\x01\x02\x03"),
    "absent": Absent,
}


def json_bytes(value):
    if isinstance(value, Raw):
        return value.json
    if isinstance(value, dict):
        return b"{" + b",".join(json.dumps(k).encode() + b":" + json_bytes(v) for k, v in value.items() if v is not Absent) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(json_bytes(v) for v in value) + b"]"
    return json.dumps(value).encode()


def text_bytes(value):
    """As one text: in a path, a header, a form."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, str):
        return value.encode()
    return json_bytes(value) if value is not None else b""


def quoted(value):
    return urllib.parse.quote_from_bytes(text_bytes(value), safe="")


def form_items(name, value):
    if value is Absent or value is None:
        return
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from form_items(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value, 1):
            yield from form_items(f"{name}.member.{number}", inner)
    else:
        yield f"{urllib.parse.quote(name)}={quoted('' if value in ({}, []) else value)}"


def cbor_head(major, n):
    for bits, info in ((8, 24), (16, 25), (32, 26), (64, 27)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << bits:
            return bytes([major << 5 | info]) + n.to_bytes(bits // 8, "big")
    raise ValueError(n)


def cbor_bytes(value):
    if isinstance(value, Raw):
        return value.cbor
    if isinstance(value, bool) or value is None:
        return {True: b"\xf5", False: b"\xf4", None: b"\xf6"}[value]
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, float):
        import struct
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(cbor_bytes, value))
    members = {k: v for k, v in value.items() if v is not Absent}
    return cbor_head(5, len(members)) + b"".join(cbor_bytes(k) + cbor_bytes(v) for k, v in members.items())


def xml_bytes(name, value, shape):
    """`shape`: None for a value that isn't the member's."""
    serialization = shape.serialization if shape is not None else {}
    name = serialization.get("name", name)
    known = shape.type_name if shape is not None else ""
    if value is Absent or value is None:
        return b""
    if isinstance(value, dict):
        inner = b"".join(xml_bytes(key, one, shape.members.get(key) if known == "structure" else None) for key, one in value.items())
    elif isinstance(value, list):
        member = shape.member if known == "list" else None
        item = name if serialization.get("flattened") else (member.serialization.get("name", "member") if member else "member")
        inner = b"".join(xml_bytes(item, one, member) for one in value)
        if serialization.get("flattened"):
            return inner
    else:
        inner = text_bytes(value).replace(b"&", b"&amp;").replace(b"<", b"&lt;")
    return b"<" + name.encode() + b">" + inner + b"</" + name.encode() + b">"


def sample(shape, values, depth=0):
    """A value that fits a shape; `values`: by member's name, what is there to be found."""
    if shape.type_name == "structure":
        required = shape.required_members
        return {name: values[name] if name in values else sample(member, values, depth + 1)
                for name, member in shape.members.items() if name in required or (depth > 0 and depth < 3)}
    if shape.type_name == "list":
        return [sample(shape.member, values, depth + 1)]
    if shape.type_name == "map":
        return {"a": sample(shape.value, values, depth + 1)}
    if getattr(shape, "enum", None):
        return shape.enum[0]
    return {"integer": 1, "long": 1, "double": 1.0, "float": 1.0, "boolean": True, "timestamp": 1_700_000_000,
            "blob": "AAAA"}.get(shape.type_name, "x")


def paths(shape, seen=()):
    """Each member of a structure and of what is in it: ("Tags", 0, "Key")."""
    for name, member in shape.members.items():
        yield (name,), member
        inner, path = member, (name,)
        while inner.type_name == "list":
            inner, path = inner.member, (*path, 0)
            yield path, inner
        if inner.type_name == "structure" and inner.name not in seen and len(seen) < 3:
            for rest, found in paths(inner, (*seen, inner.name)):
                yield (*path, *rest), found
        if inner.type_name == "map":
            yield (*path, "a"), inner.value


def with_value(document, shape, path, value, values):
    """A copy in which the member at `path` is `value`; what lies on the way is made."""
    if not path:
        return value
    head, *rest = path
    if shape.type_name == "list":
        inner = with_value(document[0] if isinstance(document, list) and document else None, shape.member, rest, value, values)
        return [inner]
    if shape.type_name == "map":
        return {"a": with_value(None, shape.value, rest, value, values)}
    out = dict(document) if isinstance(document, dict) else sample(shape, values, 1)
    member = shape.members[head]
    before = out.get(head, values.get(head))
    if rest and not isinstance(before, (dict, list)):
        before = sample(member, values, 1)
    out[head] = with_value(before, member, rest, value, values)
    return out


class Operations:
    """The operations of one service in one protocol, as (method, target, headers, body)."""

    def __init__(self, service, protocol=None):
        self.model = session.get_service_model(service)
        self.protocol = protocol or self.model.metadata["protocol"]
        signing = self.model.signing_name
        self.authorization = f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{signing}/aws4_request, SignedHeaders=host, Signature=0"

    def shape(self, operation):
        return self.model.operation_model(operation).input_shape

    def request(self, operation, document):
        headers = {"Authorization": self.authorization}
        if self.protocol == "query":
            body = "&".join([f"Action={operation}", f"Version={self.model.api_version}", *form_items("", document)]).encode()
            return "POST", "/", {**headers, "Content-Type": "application/x-www-form-urlencoded"}, body
        if self.protocol == "json":
            target = f"{self.model.metadata.get('targetPrefix', 'GraniteServiceVersion20100801')}.{operation}"
            return "POST", "/", {**headers, "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}, json_bytes(document)
        if self.protocol == "cbor":
            headers.update({"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"})
            return "POST", f"/service/GraniteServiceVersion20100801/operation/{operation}", headers, cbor_bytes(document)
        return self.rest(operation, document, headers)

    def rest(self, operation, document, headers):
        model = self.model.operation_model(operation)
        path, body, query, content = model.http["requestUri"], {}, [], ""
        payload = model.input_shape.serialization.get("payload")
        for name, value in document.items():
            where = model.input_shape.members[name].serialization if name in model.input_shape.members else {}
            place, key = where.get("location"), where.get("name", name)
            if value is Absent and place != "uri":
                continue
            if place == "uri":
                value = "" if value is Absent else value
                path = path.replace("{" + key + "}", quoted(value)).replace("{" + key + "+}", quoted(value))
            elif place == "querystring":
                query += [f"{urllib.parse.quote(key)}={quoted(v)}" for v in (value if isinstance(value, list) else [value])]
            elif place == "header":
                headers[key] = text_bytes(value).replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")[:8000]
            elif name == payload:
                content = value
            elif payload:
                query.append(f"{urllib.parse.quote(key)}={quoted(value)}")
            else:
                body[key] = value
        if query:
            path += ("&" if "?" in path else "?") + "&".join(query)
        if len(path) > 60_000:
            path = path[:60_000]
        sends = model.http["method"] in ("POST", "PUT") and (body or payload or any(
            "location" not in m.serialization for m in model.input_shape.members.values()))
        if self.protocol == "rest-xml":
            shape = model.input_shape.members.get(payload) if payload else None
            data = xml_bytes(payload, content, shape) if shape is not None and shape.type_name == "structure" else text_bytes(content)
            path = "/" + path.lstrip("/")  # a bucket that is empty
        elif payload:
            data = json_bytes(content) if isinstance(content, (dict, list)) else text_bytes(content)
        else:
            data = json_bytes(body)
        return model.http["method"], path, headers, data if sends else None


class Line:
    """One keep-alive connection; what closes it is answered first, and then a new one is made."""

    def __init__(self, port):
        self.port, self.connection = port, None

    def ask(self, method, target, headers, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self.connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                self.connection.putheader(name, value)
            if body is not None or method in ("POST", "PUT"):
                self.connection.putheader("Content-Length", str(len(body or b"")))
            self.connection.endheaders()
            try:
                if body:
                    self.connection.send(body)
            except OSError:
                pass  # refused before all was read; the answer says why
            answer = self.connection.getresponse()
            data = answer.read()
        except BaseException:
            self.close()
            raise
        if answer.will_close:
            self.close()
        return answer.status, dict(answer.getheaders()), data

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None
