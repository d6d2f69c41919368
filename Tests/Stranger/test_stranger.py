"""The terminal of `terminal.py` at the real hub: what a stranger who read PROTOCOL.md can do."""

import http.client
import json
import re
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Browser"))

from plant import PROGRAM, SITE, Daemon  # noqa: E402

TERMINAL = [sys.executable, str(HERE / "terminal.py")]


def office(hub, *words):
    command = [PROGRAM, *words, "--data", hub.folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run(folder, *words, good=True):
    done = subprocess.run([*TERMINAL, str(folder), *words], capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) == good, done.stderr
    return done.stdout if good else done.stderr


def shown(folder):
    return [json.loads(line) for line in run(folder, "show").splitlines()]


class PlainHub(Daemon):
    def __init__(self, folder):
        super().__init__(folder, "hub", "serve")


class SecureHub(Daemon):
    """A hub that serves over TLS; whether it is well cannot be asked without the pin."""

    def __init__(self, folder):
        super().__init__(folder, "hub", "serve", "--tls")

    def health(self):
        assert self.process.poll() is None, self.log.read_text()
        return "listening" in self.log.read_text()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"


@pytest.fixture(params=[PlainHub, SecureHub], ids=["http", "tls"])
def hub(request, tmp_path):
    folder = tmp_path / "hub"
    made = [PROGRAM, "hub", "site", "add", SITE, "--data", folder]
    assert subprocess.run(made, capture_output=True, timeout=60).returncode == 0
    hub = request.param(folder)
    yield hub
    hub.stop()


def enrolled(hub, folder, name="stranger"):
    token = office(hub, "hub", "enroll", "--site", SITE, "--name", name)
    run(folder, "enroll", hub.url, token)
    return token


def test_a_stranger_records_sends_and_reads_the_order(hub, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    token = enrolled(hub, one, "one")
    run(one, "enroll", hub.url, token.lower())  # the same key may ask again
    assert "enrolment_code" in run(two, "enroll", hub.url, token, good=False)
    enrolled(hub, two, "two")
    for number in range(3):
        run(one, "report", f"刀具磨损 {number}")
    run(two, "report", "line stopped")
    for folder in (one, two, one, one):
        run(folder, "sync")
    reports = shown(one) + shown(two)
    assert [report["verdict"] for report in reports] == ["accepted"] * 4
    assert len({report["position"] for report in reports}) == 4
    orders = office(hub, "verify")
    assert orders.startswith("sound"), orders


def test_a_stranger_whose_plug_is_pulled_sends_nothing_twice(hub, tmp_path):
    folder = tmp_path / "one"
    enrolled(hub, folder)
    texts = [f"report {number}" for number in range(12)]
    for number, text in enumerate(texts):
        run(folder, "report", text)
        sync = subprocess.Popen([*TERMINAL, str(folder), "sync"], stderr=subprocess.DEVNULL)
        # Killed anywhere from its start to after its end.
        time.sleep(number * 0.06)
        sync.send_signal(signal.SIGKILL)
        sync.wait()
    run(folder, "sync")
    reports = shown(folder)
    assert [report["text"] for report in reports] == texts
    assert {report["verdict"] for report in reports} == {"accepted"}
    places = [report["position"] for report in reports]
    assert places == sorted(set(places)), "one was taken twice, or out of order"
    status = office(hub, "verify", "--json")
    assert json.loads(status)["sound"], status


@pytest.mark.parametrize("hub", [SecureHub], ids=["tls"], indirect=True)
def test_a_stranger_does_not_speak_to_another_hub(hub, tmp_path):
    token = office(hub, "hub", "enroll", "--site", SITE, "--name", "pinned")
    other = re.sub("-.*", "-0123456789ABCDEF", token)
    assert "not the hub" in run(tmp_path / "one", "enroll", hub.url, other, good=False)
    run(tmp_path / "one", "enroll", hub.url, token)


def asked(hub, body, **headers):
    """A push of these bytes; the status, the header of the coding, and the body."""
    line = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=40)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request("POST", "/sync/v1/push", body, {"content-type": "application/x-protobuf", **named})
    reply = line.getresponse()
    assert reply.getheader("accept-encoding") == "deflate"
    return reply.status, reply.getheader("content-encoding"), reply.read()


@pytest.mark.parametrize("hub", [PlainHub], ids=["http"], indirect=True)
def test_bodies_go_deflated_where_both_say_so(hub, tmp_path):
    folder = tmp_path / "one"
    enrolled(hub, folder)
    sys.path.insert(0, str(HERE))
    import terminal

    sent = []

    class Listening(terminal.Hub):
        def ask(self, method, path, body=None):
            if path == "push":
                sent.append(body)
            return super().ask(method, path, body)

    one = terminal.Terminal(folder)
    one.hub = lambda: Listening(one.get("hub"), one.get("authority"), one.key)
    for number in range(200):
        one.report(f"report {number}")
    one.push()
    body = sent[0]
    plain = asked(hub, body)
    assert plain[:2] == (200, None)
    status, coding, packed = asked(hub, zlib.compress(body), content_encoding="deflate", accept_encoding="deflate")
    assert (status, coding) == (200, "deflate")
    assert len(packed) < len(plain[2]) and len(zlib.decompress(packed)) == len(plain[2])
    assert asked(hub, body, accept_encoding="gzip, deflate;q=0")[:2] == (200, None)
    # What does not unpack is refused, and the hub goes on.
    damaged = bytearray(zlib.compress(body))
    damaged[len(damaged) // 2] ^= 0xFF
    bomb = zlib.compress(bytes(100 << 20))
    for coding, wrong in [("deflate", bytes(damaged)), ("deflate", body), ("br", body), ("deflate", bomb)]:
        status, _, answer = asked(hub, wrong, content_encoding=coding)
        assert status == 400 and b"sync.malformed" in answer, (coding, status, answer)
    one.report("afterwards")
    one.push()
    one.pull()
    assert [report["verdict"] for report in shown(folder)] == ["accepted"] * 201
