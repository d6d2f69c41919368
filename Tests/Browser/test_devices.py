"""What hangs on a terminal: scanners of the daemon, scanners that type, the camera, the teach page."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from playwright.sync_api import expect

from conftest import SIZES, names
from plant import PROGRAM, Terminal, free_port, get, wait

CLERK = "TM:W:W001"


class Wired:
    """A terminal with a serial scanner (a pseudo-terminal), a network scanner, and one that is absent."""

    def __init__(self, hub, folder, camera=False):
        folder.mkdir()
        self.main, other = os.openpty()
        self.link = folder / "tty"
        self.link.symlink_to(os.ttyname(other))
        self.other = other
        self.port = free_port()
        profile = folder / "terminal.yaml"
        lines = [
            "devices:",
            f"  - {{name: dock, profile: generic-serial, port: 'serial:{self.link}'}}",
            f"  - {{name: gate, profile: generic-serial, port: 'listen:127.0.0.1:{self.port}'}}",
        ]
        if camera:
            lines.append("  - {name: eye, profile: uvc-camera, port: page}")
        profile.write_text("\n".join(lines) + "\n")
        self.terminal = Terminal(hub, folder / "data", f"dock-{next(names)}", profile)
        self.url = self.terminal.url

    def device(self, name):
        devices = self.terminal.daemon.health()["devices"]
        return next(device for device in devices if device["name"] == name)

    def send(self, text):
        os.write(self.main, text if isinstance(text, bytes) else text.encode())

    def network(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def unplug(self):
        self.link.unlink()
        os.close(self.main)
        os.close(self.other)

    def plug(self):
        self.main, self.other = os.openpty()
        self.link.symlink_to(os.ttyname(self.other))

    def stop(self):
        self.terminal.stop()


@pytest.fixture
def wired(hub, tmp_path):
    wired = Wired(hub, tmp_path / "wired")
    yield wired
    wired.stop()


def test_a_scan_of_the_daemons_scanner_is_handled_once_and_at_once(wired, open_kiosk, size, language):
    kiosk = open_kiosk(size, language, at=wired)
    wait(lambda: wired.device("dock")["state"] == "ready")
    time.sleep(0.5)
    took = kiosk.scanned(lambda: wired.send(CLERK + "\r"), "good")
    kiosk.at("home")
    times = []
    with wired.network() as scanner:
        for text, tone in [("NO-SUCH-CODE", "wrong"), ("TM:C:REPORT", "attention"), ("TM:C:CANCEL", "attention")] * 2:
            try:
                times.append(kiosk.scanned(lambda: scanner.sendall((text + "\r\n").encode()), tone))
            except AssertionError:
                tone = kiosk.page.locator("#main .feedback").get_attribute("data-tone")
                assert tone in ("good", "attention")
    # Tens of milliseconds; `tallyman bench page` has the figure.
    assert min(times) < 2, f"{times}; the first took {took}"
    assert wired.device("dock")["scans"] == 1
    assert wired.device("gate")["scans"] == 6
    count = kiosk.page.evaluate("window.answers")
    time.sleep(1)
    assert kiosk.page.evaluate("window.answers") == count
    assert kiosk.complaints == []


def test_a_scanner_comes_and_goes_and_goes_mad(wired, open_kiosk):
    kiosk = open_kiosk(SIZES["800x480"], "en", at=wired)
    wait(lambda: wired.device("dock")["state"] == "ready")
    kiosk.scanned(lambda: wired.send(CLERK + "\r"), "good")
    wired.unplug()
    expect(kiosk.page.locator(".devices-key.key-trouble")).to_be_visible()
    assert wired.device("dock")["state"] == "waiting"
    metrics = get(f"{wired.url}/metrics", "text/plain")
    assert 'tallyman_device_ready{device="dock"} 0' in metrics
    doctor = subprocess.run([PROGRAM, "doctor", "--data", wired.terminal.folder], capture_output=True, text=True)
    assert doctor.returncode == 1 and "FAIL  devices: dock waiting" in doctor.stdout
    kiosk.page.locator(".devices-key").click()
    kiosk.at("devices")
    expect(kiosk.page.locator(".row-trouble")).to_contain_text(str(wired.link))
    kiosk.picture("devices-trouble")
    wired.plug()
    expect(kiosk.page.locator(".devices-key.key-trouble")).to_have_count(0)
    expect(kiosk.page.locator(".row-trouble")).to_have_count(0)
    kiosk.page.locator("button[formaction='/devices/close']").click()
    kiosk.at("home")
    memory = lambda: float(re.search(r"process_resident_memory_bytes (\d+)", get(f"{wired.url}/metrics", "text/plain"))[1])
    before = memory()
    with wired.network() as mad:
        mad.sendall(b"".join(b"MAD-%d\r" % number for number in range(5000)))
        mad.sendall(b"A" * (1 << 20) + b"\r")
        expect(kiosk.page.locator("#main .feedback")).to_contain_text("gate sends too fast")
        kiosk.picture("devices-flood")
        took = kiosk.scanned(lambda: wired.send("NO-SUCH\r"), "wrong")
        assert took < 5
    assert memory() - before < 32 << 20
    assert wired.device("gate")["scans"] <= 25
    assert wired.device("gate")["losses"]["too_many"] > 100


VARIANTS = {
    "as it should be": dict(wrong=[], mapped=[], aim="]Q1"),
    "without GS": dict(wrong=["gs_lost"], mapped=["aim_off"], gs=""),
    "with a text for GS": dict(wrong=[], mapped=["aim_off", "gs_text"], gs="{GS}"),
    "with a prefix": dict(wrong=[], mapped=["aim_off", "prefix_text"], prefix="~#"),
}
CODES = [
    "TM:T1:Tallyman-abc-XYZ-0123456789", "TM:T2:LOT9\x1dQTY7",
    "TM:T3:!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~yz", "TM:T4:中文收货点检",
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_serial_scanner_is_taught_and_read_as_was_found(wired, open_kiosk, variant):
    wants = VARIANTS[variant]
    kiosk = open_kiosk(SIZES["1280x800"], "en", at=wired)
    wait(lambda: wired.device("dock")["state"] == "ready")

    def scanner(content):
        content = content.replace("\x1d", wants.get("gs", "\x1d"))
        wired.send(wants.get("prefix", "") + wants.get("aim", "") + content + "\r")

    kiosk.page.locator(".devices-key").click()
    kiosk.at("devices")
    for number, code in enumerate(CODES, 1):
        scanner(code)
        expect(kiosk.page.locator(".teach-seen")).to_have_count(number)
    for tone, found in [("wrong", wants["wrong"]), ("attention", wants["mapped"])]:
        assert kiosk.page.locator(f".finding-{tone}").count() == len(found), kiosk.page.locator(".findings").inner_text()
        for name in found:
            words = kiosk.text(f"teach.{name}", text="\0").split("\0")[0]
            expect(kiosk.page.locator(f".finding-{tone}", has_text=words)).to_have_count(1)
    kiosk.picture("teach-" + variant.replace(" ", "-"))
    kiosk.page.locator("button[formaction='/devices/keep']").click()
    expect(kiosk.page.locator(".notice-good")).to_contain_text(kiosk.text("teach.kept"))
    kiosk.page.locator("button[formaction='/devices/close']").click()
    kiosk.at("sign_in")
    kiosk.scanned(lambda: scanner(CLERK), "good")
    kiosk.at("home")
    wired.terminal.lose_hub()  # starts it anew: what was taught is kept
    kiosk.page.goto(wired.terminal.url)
    wait(lambda: wired.device("dock")["state"] == "ready")
    time.sleep(0.5)
    kiosk.scanned(lambda: scanner(CLERK), "good")
    kiosk.at("home")


def type_code(kiosk, text, gs="F8", prefix=""):
    for part in re.split("(\x1d)", prefix + text):
        if part == "\x1d":
            kiosk.type_gs(gs)
        elif part:
            kiosk.page.keyboard.type(part, delay=1)
    kiosk.page.keyboard.press("Enter")


@pytest.mark.parametrize(
    "gs, shape, language",
    [("F8", "1280x800", "zh-CN"), ("Control+]", "800x480", "en"), ("alt", "1280x800", "en"), ("^]", "800x480", "zh-CN")],
)
def test_a_scanner_that_types_is_taught(terminal, open_kiosk, shape, language, gs):
    kiosk = open_kiosk(SIZES[shape], language)
    kiosk.page.locator(".devices-key").click()
    kiosk.at("devices")
    kiosk.picture("teach-empty")
    kiosk.is_well_made(millimetres=12)
    for number, code in enumerate(CODES[:3], 1):
        type_code(kiosk, code, gs, prefix="~" if gs == "alt" else "")
        expect(kiosk.page.locator(".teach-seen")).to_have_count(number)
    kiosk.page.keyboard.type("TM:T4:???????????????", delay=1)
    kiosk.page.keyboard.press("Enter")
    expect(kiosk.page.locator(".teach-seen")).to_have_count(4)
    expect(kiosk.page.locator(".finding-wrong")).to_have_count(1)  # Chinese is lost
    kiosk.picture("teach-page-" + gs.replace("+", "-").replace("^", "caret"))
    kiosk.is_well_made(millimetres=12)
    kiosk.page.locator("button[formaction='/devices/keep']").click()
    expect(kiosk.page.locator("button[formaction='/devices/keep']")).to_have_count(0)
    kiosk.page.locator("button[formaction='/devices/close']").click()
    kiosk.at("sign_in")
    before = kiosk.page.evaluate("window.answers = (window.answers || 0)")
    kiosk.watch()
    type_code(kiosk, CLERK, gs, prefix="~" if gs == "alt" else "")
    kiosk.answered(before, "good")
    kiosk.at("home")


def test_a_german_scanner_is_read_by_the_places_of_its_keys(terminal, open_kiosk):
    """Chromium types US characters for the places; the scanner meant German ones."""
    kiosk = open_kiosk(SIZES["1280x800"], "en")
    kiosk.page.locator(".devices-key").click()
    kiosk.at("devices")
    for number, code in enumerate([CODES[0], CODES[2]], 1):
        german(kiosk, code)
        expect(kiosk.page.locator(".teach-seen")).to_have_count(number)
    expect(kiosk.page.locator(".finding", has_text="Germany")).to_have_count(1)
    kiosk.page.locator("button[formaction='/devices/keep']").click()
    expect(kiosk.page.locator(".notice-good")).to_be_visible()
    kiosk.page.locator("button[formaction='/devices/close']").click()
    kiosk.at("sign_in")
    before = kiosk.page.evaluate("window.answers = (window.answers || 0)")
    kiosk.watch()
    german(kiosk, CLERK)
    kiosk.answered(before, "good")


GERMAN = {
    "plain": {
        "Backquote": "^", "Minus": "ß", "Equal": "´", "BracketLeft": "ü", "BracketRight": "+", "Backslash": "#",
        "Semicolon": "ö", "Quote": "ä", "IntlBackslash": "<", "Comma": ",", "Period": ".", "Slash": "-", "Space": " ",
        "KeyY": "z", "KeyZ": "y", **{f"Digit{digit}": digit for digit in "1234567890"},
        **{f"Key{letter}": letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWX"},
    },
    "shift": {
        "Backquote": "°", "Minus": "?", "Equal": "`", "BracketRight": "*", "Backslash": "'", "IntlBackslash": ">",
        "Comma": ";", "Period": ":", "Slash": "_", "Digit1": "!", "Digit2": '"', "Digit4": "$", "Digit5": "%",
        "Digit6": "&", "Digit7": "/", "Digit8": "(", "Digit9": ")", "Digit0": "=", "KeyY": "Z", "KeyZ": "Y",
        **{f"Key{letter}": letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWX"},
    },
    "alternate": {
        "Digit7": "{", "Digit8": "[", "Digit9": "]", "Digit0": "}", "Minus": "\\", "KeyQ": "@", "BracketRight": "~",
        "IntlBackslash": "|",
    },
}
US = {
    "Minus": "-_", "Equal": "=+", "BracketLeft": "[{", "BracketRight": "]}", "Backslash": "\\|", "Semicolon": ";:",
    "Quote": "'\"", "Comma": ",<", "Period": ".>", "Slash": "/?", "Backquote": "`~", "Space": "  ", "IntlBackslash": "<>",
    **dict(zip([f"Digit{digit}" for digit in "1234567890"], ["1!", "2@", "3#", "4$", "5%", "6^", "7&", "8*", "9(", "0)"])),
    **{f"Key{letter}": letter.lower() + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
}


def german(kiosk, text):
    """The events of a German scanner on a machine that believes in a US keyboard."""
    events = []
    for character in text:
        held, code = next(
            (held, code) for held, keys in GERMAN.items() for code, meant in keys.items() if meant == character
        )
        key = US[code][1 if held == "shift" else 0]
        events.append(dict(key=key, code=code, shiftKey=held == "shift", modifierAltGraph=held == "alternate"))
        if character in "^`´":
            events.append(dict(key=" ", code="Space"))
    events.append(dict(key="Enter", code="Enter"))
    kiosk.page.evaluate(
        """events => { for (const event of events) for (const what of ["keydown", "keyup"])
            document.body.dispatchEvent(new KeyboardEvent(what, { ...event, bubbles: true, cancelable: true })); }""",
        events,
    )


def test_the_sheet_of_teach_codes_can_be_printed(terminal, open_kiosk, tmp_path):
    sheet = get(f"{terminal.url}/devices/sheet.svg", "image/svg+xml")
    assert sheet.count("<path ") == 4 and "教学码" in sheet and "Teach codes" in sheet
    file = tmp_path / "teach.svg"
    subprocess.run([PROGRAM, "plate", "make", "--teach", "--out", file], check=True, capture_output=True)
    assert file.read_text() == sheet
    kiosk = open_kiosk(SIZES["1280x800"], "en")
    kiosk.page.locator(".devices-key").click()
    kiosk.at("devices")
    codes = "[...document.querySelectorAll('.teach-code img')]"
    shown = f"{codes}.length > 0 && {codes}.every(image => image.complete && image.naturalWidth > 0)"
    wait(lambda: kiosk.page.evaluate(shown))


# ---- the browser's camera -----------------------------------------------------------------------

def gs1_rows(data):
    """The modules of a QR code with FNC1 in first position, as zint draws it: runs of dark ones."""
    made = subprocess.run(["zint", "-b", "58", "--gs1", "-d", data, "--dump"], check=True, capture_output=True, text=True)
    for row, line in enumerate(made.stdout.splitlines()):
        bits = bin(int("1" + line.replace(" ", ""), 16))[3:]
        for run in re.finditer("1+", bits):
            yield run.start(), row, len(run.group())


def film(path, *texts, width=640, height=480, frames=10):
    """A film of QR codes as Chromium's fake camera takes it: YUV4MPEG2, the code in the middle.

    A text is what the code holds; a list has its runs of dark modules.
    """
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (width, height))
        for text in texts:
            luma = bytearray(b"\xeb" * (width * height))
            if text:
                runs = text
                if isinstance(text, str):
                    drawn = path.with_suffix(".svg")
                    subprocess.run([PROGRAM, "code", "make", text, "--out", drawn], check=True, capture_output=True)
                    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn.read_text())
                    runs = [tuple(map(int, run)) for run in runs]
                side = max(column + count for column, _, count in runs)
                scale = 320 // side
                left, top = (width - side * scale) // 2, (height - side * scale) // 2
                for column, row, count in runs:
                    for line in range(scale):
                        start = (top + row * scale + line) * width + left + column * scale
                        luma[start:start + count * scale] = b"\x10" * (count * scale)
            frame = b"FRAME\n" + bytes(luma) + b"\x80" * (width * height // 2)
            file.write(frame * frames)


@pytest.mark.parametrize("size_name", SIZES)
def test_the_camera_of_the_browser_reads_a_code_once(hub, tmp_path, pictures, size_name):
    wired = Wired(hub, tmp_path / "wired", camera=True)
    movie = tmp_path / "film.y4m"
    film(movie, CLERK)
    from kiosk import Kiosk
    from playwright.sync_api import sync_playwright  # noqa: F401  (one is running already)

    browser = CHROMIUM["launch"](movie)
    try:
        width, height = SIZES[size_name]
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        page.goto(wired.url)
        kiosk = Kiosk(page, "zh-CN", SIZES[size_name], pictures, [])
        kiosk.watch()
        kiosk.at("home")
        expect(page.locator("#camera")).to_be_visible()
        kiosk.picture("camera")
        time.sleep(3)  # thirty more pictures of the same code
        scans = page.evaluate("document.querySelectorAll('#main .feedback').length")
        assert scans <= 1
        expect(page.locator("#camera-words")).to_have_text(kiosk.text("teach.camera_looking"))
        page.locator(".devices-key").click()
        page.locator("[data-camera-key]").click()
        expect(page.locator("#camera")).to_be_hidden()
    finally:
        browser.close()
        wired.stop()


@pytest.mark.skipif(not shutil.which("zint"), reason="zint is missing: .ci/install tests brings it")
def test_the_camera_of_the_browser_keeps_the_separator_of_a_gs1_code(hub, tmp_path, pictures):
    """A count of 5 in front of a carton's number: without its FNC1 the count would swallow it."""
    number = f"DN-EYE-{next(names)}"
    carton = "069012340000000016"
    note = hub.note(number, tmp_path / "note.json")
    wired = Wired(hub, tmp_path / "wired", camera=True)
    movie = tmp_path / "film.y4m"
    film(movie, list(gs1_rows(f"[37]5[00]{carton}")))
    from kiosk import Kiosk

    browser = CHROMIUM["launch"](movie)
    try:
        width, height = SIZES["1280x800"]
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        # Until the receipt is open there is nothing for the camera to see.
        page.add_init_script(
            "const look = fetch; window.eyes = false;"
            "window.fetch = (path, how) => path === '/camera' && !window.eyes"
            " ? Promise.resolve(new Response('{\"state\":\"nothing\"}')) : look(path, how);"
        )
        page.goto(wired.url)
        kiosk = Kiosk(page, "zh-CN", SIZES["1280x800"], pictures, [])
        kiosk.scan(CLERK, "good")
        kiosk.scan(note, "good")
        before = page.evaluate("window.answers")
        page.evaluate("window.eyes = true")
        kiosk.answered(before, "good")
        kiosk.says("kiosk.carton_seen", carton=carton, line=1)
    finally:
        browser.close()
        wired.stop()


CHROMIUM = {}


@pytest.fixture(autouse=True)
def camera_chromium(chromium):
    """Starts a Chromium whose camera is a film."""
    def launch(movie):
        return chromium.browser_type.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=[
                "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={movie}",
            ],
        )

    CHROMIUM["launch"] = launch
