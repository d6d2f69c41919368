"""A terminal in another language: written from Sources/Sync/PROTOCOL.md and the .proto files alone.

    terminal.py DIR enroll HUB TOKEN     makes a key, and is known to the hub from then on
    terminal.py DIR report TEXT          records an exception report, hub or no hub
    terminal.py DIR sync                 sends what the hub has not answered, reads its order
    terminal.py DIR show                 each report with the hub's word on it, as JSON lines

Everything is in one SQLite file, and written there before it is said or sent.
"""

import hashlib
import http.client
import importlib
import json
import secrets
import sqlite3
import ssl
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

WIRE = Path(__file__).resolve().parents[2] / "Sources" / "Sync" / "Wire"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def messages():
    """The modules that protoc makes of the .proto files."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        names = ["operation", "state", "sync"]
        files = [str(WIRE / f"{name}.proto") for name in names]
        if protoc.main(["protoc", f"-I{WIRE}", f"--python_out={folder}", *files]):
            raise SystemExit("protoc failed")
        sys.path.insert(0, folder)
        try:
            return [importlib.import_module(f"{name}_pb2") for name in names]
        finally:
            sys.path.remove(folder)


operation_pb2, _, sync_pb2 = messages()


def integer(value):
    """An unsigned integer in the canonical encoding."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def data(value):
    return integer(len(value)) + value


def sha256(value):
    return hashlib.sha256(value).digest()


def short(value):
    """What the protocol calls a hash."""
    return sha256(value)[:16]


class Refused(Exception):
    """The hub's own word that it does not take a request: a code, and facts."""


class Hub:
    """The way to a hub: TLS by the pinned authority, plain HTTP only to this machine."""

    def __init__(self, url, authority=None, key=None):
        self.url, self.key = urlsplit(url), key
        if self.url.scheme == "http" and self.url.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("plain HTTP leads to this machine only")
        # A hub's certificate is for no name; its authority alone vouches for it.
        self.context = ssl.create_default_context(cadata=authority)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_REQUIRED if authority else ssl.CERT_NONE

    def ask(self, method, path, body=None):
        place = (self.url.hostname, self.url.port)
        if self.url.scheme == "https":
            line = http.client.HTTPSConnection(*place, timeout=40, context=self.context)
        else:
            line = http.client.HTTPConnection(*place, timeout=40)
        try:
            headers = {"content-type": "application/x-protobuf"}
            if path == "pull":  # what only asks is signed beside the message
                signed = data(b"tallyman ask 1") + data(path.encode()) + data(sha256(body))
                headers["tallyman-proof"] = self.key.sign(signed).hex()
            line.request(method, f"/sync/v1/{path}", body, headers)
            reply = line.getresponse()
            return reply.status, reply.getheader("content-type"), reply.read()
        finally:
            line.close()

    def post(self, path, request, answer):
        status, kind, body = self.ask("POST", path, request.SerializeToString())
        if kind != "application/x-protobuf":
            raise ConnectionError(f"somebody else answered: {status}")
        if status != 200:
            problem = sync_pb2.SyncProblem.FromString(body)
            raise Refused(problem.code, dict(problem.facts))
        return answer.FromString(body)

    def authority(self, pin):
        """The hub's authority, if it is the one that the pin means."""
        _, _, pem = self.ask("GET", "authority")
        bits = int.from_bytes(sha256(ssl.PEM_cert_to_DER_cert(pem.decode()))[:10], "big")
        if "".join(CROCKFORD[bits >> shift & 31] for shift in range(75, -1, -5)) != pin:
            raise SystemExit("this is not the hub that gave out the token")
        return pem.decode()


class Terminal:
    def __init__(self, folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        self.store = sqlite3.connect(Path(folder) / "stranger.sqlite", isolation_level=None)
        self.store.executescript(
            """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BLOB);
            CREATE TABLE IF NOT EXISTS own (number INTEGER PRIMARY KEY, hash BLOB UNIQUE, bytes BLOB,
                text TEXT, answered INTEGER NOT NULL DEFAULT 0, verdict TEXT, reason TEXT, position INTEGER);
            CREATE TABLE IF NOT EXISTS place (hash BLOB PRIMARY KEY, position INTEGER UNIQUE, bytes BLOB);"""
        )
        seed = self.get("key") or self.set("key", secrets.token_bytes(32))
        self.key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.replica = short(self.public)
        self.incarnation = secrets.randbits(63) | 1  # a chain for each start
        self.sequence = 0
        known = self.get("enrolled")
        self.enrolled = sync_pb2.EnrollResponse.FromString(known) if known else None

    def get(self, name):
        row = self.store.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()
        return row and row[0]

    def set(self, name, value):
        self.store.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, value])
        return value

    def hub(self):
        return Hub(self.get("hub"), self.get("authority"), self.key)

    def enroll(self, url, token):
        # As people type it: in either case, O for 0, I and L for 1.
        text = token.upper().translate(str.maketrans("OIL", "011"))
        code, _, pin = text.partition("-")
        if urlsplit(url).scheme == "https":
            self.set("authority", Hub(url).authority(pin))
        self.set("hub", url)
        request = sync_pb2.EnrollRequest(protocol=1, code=code, public_key=self.public)
        answer = self.hub().post("enroll", request, sync_pb2.EnrollResponse)
        assert answer.hub == short(answer.hub_public_key) and answer.epoch
        self.set("enrolled", answer.SerializeToString())
        self.enrolled = answer

    @property
    def scope(self):
        return next(scope for scope in self.enrolled.scopes if "/" in scope)

    def report(self, text):
        """Records an exception report; it is saved when this returns."""
        site, area = self.scope.split("/")
        last = self.store.execute("SELECT hash FROM own ORDER BY number DESC LIMIT 1").fetchone()
        words = [(1, b"quality"), (3, b"STRANGER"), (4, text.encode())]  # category, station, text
        now = time.time_ns() // 1_000_000
        operation = operation_pb2.WireOperation(
            format=1, replica=self.replica, incarnation=self.incarnation, sequence=self.sequence + 1,
            previous=last[0] if last else b"", stamp=now << 16, author="STRANGER",
            wall_milliseconds=now, boot=1, monotonic_milliseconds=time.monotonic_ns() // 1_000_000,
            site=site, area=area, seen=int(self.get("cursor") or 0), kind=1,
            entity_kind="exception_report", entity=secrets.token_bytes(16),
            type="exception_report.raised",
            payload=b"".join(integer(number << 3 | 2) + data(word) for number, word in words),
        ).SerializeToString()
        self.store.execute(
            "INSERT INTO own (hash, bytes, text) VALUES (?, ?, ?)", [short(operation), operation, text]
        )
        self.sequence += 1

    def push(self):
        """Sends what the hub has not answered yet; the same again does no harm."""
        while True:
            rows = self.store.execute(
                "SELECT number, bytes FROM own WHERE NOT answered ORDER BY number LIMIT 500"
            ).fetchall()
            if not rows:
                return
            operations, epoch = [bytes for _, bytes in rows], self.enrolled.epoch
            signed = data(b"tallyman push 1") + data(self.replica) + integer(epoch)
            signed += integer(len(operations)) + b"".join(data(sha256(each)) for each in operations)
            signature = self.key.sign(signed)
            request = sync_pb2.PushRequest(
                protocol=1, replica=self.replica, epoch=epoch, operations=operations, signature=signature
            )
            answer = self.hub().post("push", request, sync_pb2.PushResponse)
            assert answer.batch == short(signature), "the answer to something else"
            if answer.epoch != epoch:
                raise SystemExit("the hub was restored, and this terminal does not give back")
            for (number, _), item in zip(rows, answer.items, strict=True):
                if item.stored or item.verdict == operation_pb2.WIRE_VERDICT_QUARANTINED:
                    self.store.execute("UPDATE own SET answered = 1 WHERE number = ?", [number])

    def pull(self):
        """Follows the hub's order: whole pages, each with its cursor in one transaction."""
        while True:
            after = int(self.get("cursor") or 0)
            request = sync_pb2.PullRequest(
                protocol=1, replica=self.replica, scope=self.scope, epoch=self.enrolled.epoch,
                after=after, limit=500,
            )
            page = self.hub().post("pull", request, sync_pb2.PullResponse)
            assert page.after == after and page.scope == self.scope and page.epoch == self.enrolled.epoch
            if not page.operations:
                assert page.head == after, "places are missing"
                return
            with self.store:
                self.store.execute("BEGIN")
                self.set("cursor", str(self.take(page.operations, after)))

    def take(self, operations, position):
        """Reads groups, each ended by the hub's word on all of it; the last place that was read."""
        group = {}
        for bytes in operations:
            operation = operation_pb2.WireOperation.FromString(bytes)
            if operation.type != "sync.acceptance" or operation.replica != self.enrolled.hub:
                group[short(bytes)] = bytes
                continue
            for item in operation_pb2.WireAcceptance.FromString(operation.payload).items:
                if item.hash in group:
                    position += 1
                    assert item.position == position, "a gap in the order"
                    self.store.execute(
                        "INSERT INTO place VALUES (?, ?, ?)", [item.hash, position, group.pop(item.hash)]
                    )
                verdict = operation_pb2.WireVerdict.Name(item.verdict)[len("WIRE_VERDICT_"):].lower()
                self.store.execute(
                    "UPDATE own SET answered = 1, verdict = ?, reason = ?, position = ? WHERE hash = ?",
                    [verdict, item.reason, item.position, item.hash],
                )
            assert not group, "a group that does not end"
            position += 1
        assert not group, "a page that ends within a group"
        return position

    def show(self):
        for text, verdict, reason, position in self.store.execute(
            "SELECT text, verdict, reason, position FROM own ORDER BY number"
        ):
            yield {"text": text, "verdict": verdict, "reason": reason, "position": position}


def main(_, folder, command, *words):
    terminal = Terminal(folder)
    if command == "enroll":
        terminal.enroll(*words)
    elif command == "report":
        terminal.report(" ".join(words))
    elif command == "sync":
        terminal.push()
        terminal.pull()
    elif command == "show":
        for report in terminal.show():
            print(json.dumps(report, ensure_ascii=False))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv) if len(sys.argv) > 2 else sys.exit(__doc__)
