"""What the browser tests share: the plant, Chromium, and a page that a scanner types into."""

import itertools
import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from plant import Hub, Terminal
from kiosk import Kiosk

SIZES = {"1280x800": (1280, 800), "800x480": (800, 480)}
LANGUAGES = ["zh-CN", "en"]
names = itertools.count(1)
expect.set_options(timeout=30_000)  # a machine under load is slow, not wrong


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("plant") / "hub")
    yield hub
    hub.stop()


@pytest.fixture
def terminal(hub, tmp_path):
    terminal = Terminal(hub, tmp_path / "terminal", f"dock-{next(names)}")
    yield terminal
    terminal.stop()


@pytest.fixture
def another_terminal(hub, tmp_path):
    terminal = Terminal(hub, tmp_path / "another", f"dock-{next(names)}")
    yield terminal
    terminal.stop()


@pytest.fixture(scope="session")
def chromium():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def pictures():
    folder = os.environ.get("TALLYMAN_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None


@pytest.fixture(params=SIZES)
def size(request):
    return SIZES[request.param]


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


def is_complaint(line):
    """Whether the console has an error; that a terminal cannot be reached is none of the page's."""
    return line.type == "error" and "ERR_CONNECTION_REFUSED" not in line.text


@pytest.fixture
def open_kiosk(chromium, terminal, pictures):
    """Opens the terminal's page; what its script complains of fails the test."""
    contexts = []

    def open_kiosk(size, language="zh-CN", theme="day", scripts=True, at=terminal):
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts
        )
        contexts.append(context)
        context.add_init_script(f"localStorage.setItem('tallyman-theme', '{theme}')")
        page = context.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if is_complaint(line) else None)
        page.goto(at.url)
        kiosk = Kiosk(page, language, size, pictures, complaints)
        if language == "en" and scripts:
            kiosk.scan("TM:C:LANG:EN", "good")
        return kiosk

    yield open_kiosk
    for context in contexts:
        context.close()
