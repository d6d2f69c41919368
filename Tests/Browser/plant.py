"""A plant for the browser tests: a real hub, and real terminals that cannot reach it."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "Templates"
PROGRAM = Path(os.environ.get("TALLYMAN", ROOT / ".build" / "release" / "tallyman"))
SITE = "SZ1"
TABLES = ["suppliers", "materials", "orders", "bins", "workers", "equipment", "routes"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait(what, seconds=60):
    """Waits until `what()` is true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.03)


def get(url, accept="application/json"):
    request = urllib.request.Request(url, headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read().decode()


def positions(url):
    """How far a daemon has each scope of the hub's order, from its metrics."""
    lines = get(f"{url}/metrics", "text/plain").splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if line.startswith("tallyman_scope_position{")]
    return {scope: float(position) for scope, position in pairs if float(position)}


class Daemon:
    """A daemon of the program, with its log beside its data."""

    def __init__(self, folder, *arguments, port=None):
        self.folder = folder
        self.port = port or free_port()
        self.log = Path(f"{folder}.log")
        command = [PROGRAM, *arguments, "--data", folder, "--listen", f"127.0.0.1:{self.port}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait(self.health)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def health(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return json.loads(get(f"{self.url}/healthz"))
        except (urllib.error.URLError, ConnectionError):
            return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, self.log.read_text()


class Hub(Daemon):
    def __init__(self, folder):
        super().__init__(folder, "hub", "serve")
        self.ask("hub", "site", "add", SITE)
        tables = [TEMPLATES / "Sample" / f"{table}.csv" for table in TABLES]
        forms = sorted((TEMPLATES / "Inspection").glob("*.yaml"))
        categories = TEMPLATES / "ExceptionReports" / "categories.yaml"
        self.ask("hub", "import", *forms, categories, *tables)

    def ask(self, *arguments):
        command = [PROGRAM, *arguments, "--data", self.folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done.stdout.strip()

    def note(self, number, path, change=None):
        """Issues the sample note under another number; answers the text of its QR code."""
        note = json.loads((TEMPLATES / "Sample" / "note.json").read_text())
        note["number"] = number
        if change:
            change(note)
        path.write_text(json.dumps(note))
        text = self.ask("hub", "note", str(path))
        return next(line for line in text.splitlines() if line.startswith("TMN"))

    def orders(self):
        return [json.loads(line) for line in self.ask("hub", "orders", "--json").splitlines()]


class Terminal:
    """A terminal that has the hub's master data, and then loses the hub."""

    def __init__(self, hub, folder, name, profile=None):
        self.hub = hub
        self.folder = folder
        self.profile = ["--profile", profile] if profile else []
        code = hub.ask("hub", "enroll", "--site", SITE, "--name", name).split()[0]
        self.daemon = Daemon(folder, "agent", "--hub", hub.url, "--enroll", code, *self.profile, "--poll", "100")
        self.synced()
        self.lose_hub()

    @property
    def url(self):
        return self.daemon.url

    def synced(self):
        """Waits until the terminal has what the hub has, and the hub what the terminal has."""
        def is_level():
            state = self.daemon.health()
            return (
                state["connected"]
                and not state["unsynced"]
                and positions(self.url) == positions(self.hub.url)
            )

        wait(is_level)

    def lose_hub(self, port=None):
        """Starts the terminal again with a hub where nobody answers."""
        self.daemon.stop()
        dead = f"http://127.0.0.1:{free_port()}"
        self.daemon = Daemon(
            self.folder, "agent", "--hub", dead, *self.profile, "--poll", "100", port=port
        )

    def start_again(self):
        """Starts it again at the address where its pages are open."""
        self.lose_hub(port=self.daemon.port)

    def find_hub(self):
        self.daemon.stop()
        self.daemon = Daemon(
            self.folder, "agent", "--hub", self.hub.url, *self.profile, "--poll", "100"
        )
        self.synced()

    def unsynced(self):
        return self.daemon.health()["unsynced"]

    def stop(self):
        self.daemon.stop()
