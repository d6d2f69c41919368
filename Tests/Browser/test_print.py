"""The pages that print: labels of a receipt, and the queue, with a printer of the test's own."""

import json
import re
import socket
import subprocess
import threading

import pytest
from playwright.sync_api import expect

from conftest import names
from plant import PROGRAM, Terminal, wait

CLERK = "TM:W:W001"


class Zebra:
    """Takes ZPL on loopback, counts whole labels, and says that it is well."""

    STATUS = ["030,{paper},{paper},0799,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,6,0,00000000,1,000", "1234,0"]

    def __init__(self):
        self.labels, self.has_paper = [], True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        memory = b""
        with connection:
            while data := connection.recv(65536):
                memory += data
                while found := re.search(rb"~HS|~JA|\^XA.*?\^XZ\n?", memory, re.S):
                    what = found.group()
                    memory = memory[: found.start()] + memory[found.end():]
                    if what == b"~HS":
                        lines = [line.format(paper=int(not self.has_paper)) for line in self.STATUS]
                        connection.sendall(b"".join(b"\x02" + line.encode() + b"\x03\r\n" for line in lines))
                    elif what == b"~JA":
                        memory = b""
                    else:
                        self.labels.append(what)

    def stop(self):
        self.listener.close()


@pytest.fixture
def zebra():
    zebra = Zebra()
    yield zebra
    zebra.stop()


@pytest.fixture
def desk(hub, tmp_path, zebra):
    profile = tmp_path / "terminal.yaml"
    profile.write_text(
        "devices:\n"
        f"  - {{name: zebra, profile: zebra-zd421, port: 'tcp:127.0.0.1:{zebra.port}'}}\n"
        "  - {name: zulu, profile: tsc-te210, port: 'tcp:127.0.0.1:1'}\n"
    )
    terminal = Terminal(hub, tmp_path / "desk", f"desk-{next(names)}", str(profile))
    yield terminal
    terminal.stop()


def jobs(terminal):
    done = subprocess.run(
        [PROGRAM, "print", "list", "--json", "--data", terminal.folder], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_receipts_slip_and_labels_are_printed(desk, hub, zebra, open_kiosk, tmp_path, size, language):
    note = hub.note(f"DN-PRINT-{next(names)}", tmp_path / "note.json")
    desk.find_hub()
    desk.lose_hub()
    kiosk = open_kiosk(size, language, at=desk)
    kiosk.scan(CLERK, "good")
    kiosk.scan(note, "good")
    kiosk.scan("TM:C:AS-NOTED", "good")
    kiosk.at("receipt")
    kiosk.scan("TM:C:CLOSE-RECEIPT", "attention")
    kiosk.picture("receipt-closed")
    kiosk.is_well_made()
    kiosk.page.get_by_role("link", name=kiosk.text("print.labels_key")).click()
    labels_page = kiosk.page.url
    rows = kiosk.page.locator(".print-job")
    expect(rows).to_have_count(2)  # the slip, and a label of the one line that was counted
    kiosk.picture("print-labels")
    kiosk.is_well_made(millimetres=12)
    kiosk.page.get_by_role("button", name=kiosk.text("print.print_all")).click()
    expect(kiosk.page).to_have_url(re.compile("/print$"))
    wait(lambda: [job["state"] for job in jobs(desk)] == ["printed", "printed"])
    assert len(zebra.labels) == 2
    kiosk.page.reload()
    expect(kiosk.page.locator(".print-state b").first).to_have_text(kiosk.text("print_state.printed"))
    kiosk.picture("print-printed")
    kiosk.is_well_made(millimetres=12)

    # Without paper a job waits and says so; it can be moved, and taken back.
    zebra.has_paper = False
    kiosk.page.goto(kiosk.page.url)
    kiosk.page.get_by_role("button", name=kiosk.text("print_action.again")).first.click()
    expect(kiosk.page.locator(".print-attention .print-state span").first).to_have_text(
        kiosk.text("print_note.paper_out"), timeout=60_000
    )
    kiosk.picture("print-waits")
    kiosk.is_well_made(millimetres=12)
    kiosk.page.get_by_role("button", name=kiosk.text("print.move_to", printer="zulu")).first.click()
    wait(lambda: any(job["printer"] == "zulu" and job["note"] == "off" for job in jobs(desk)))
    kiosk.page.reload()
    kiosk.page.get_by_role("button", name=kiosk.text("print_action.cancel")).first.click()
    wait(lambda: any(job["state"] == "cancelled" for job in jobs(desk)))
    assert len(zebra.labels) == 2
    assert kiosk.complaints == []

    # Whoever wants them on another printer says so before they are printed.
    kiosk.page.goto(labels_page)
    chosen = kiosk.page.locator(".print-choice button[aria-pressed='true']")
    expect(chosen).to_have_text(["zebra", "zebra"])
    kiosk.page.locator(".print-choice").nth(1).get_by_role("button", name="zulu").click()
    expect(chosen).to_have_text(["zebra", "zulu"])
    expect(kiosk.page.locator(".print-job .print-state b")).to_have_text(["zebra", "zulu"])
    kiosk.picture("print-labels-chosen")
    kiosk.is_well_made(millimetres=12)
    known = {job["id"] for job in jobs(desk)}
    kiosk.page.get_by_role("button", name=kiosk.text("print.print_all")).click()
    expect(kiosk.page).to_have_url(re.compile("/print$"))
    assert sorted(job["printer"] for job in jobs(desk) if job["id"] not in known) == ["zebra", "zulu"]
    assert kiosk.complaints == []
