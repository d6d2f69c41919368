"""The round of the day, a machine that must stop, and its history: by scanner and by finger."""

import json
import re
import time
import urllib.request

import pytest
from playwright.sync_api import expect

from plant import Hub, Terminal, get, wait
from test_forms import PLATE
from test_kiosk import INSPECTOR, sign_in

LEADER = "TM:W:W007"
# The one bad reading of the round: the compressor's pressure.
BAD = "0.31"


@pytest.fixture
def hub(tmp_path):
    """A plant of its own, where nobody inspected anything yet: other tests tell theirs to the hub."""
    hub = Hub(tmp_path / "hub")
    yield hub
    hub.stop()


def good_answer(kiosk):
    """An answer within the limits, or one that the question takes."""
    page = kiosk.page
    limits = page.locator("#main .limits b")
    said = limits.first.inner_text() if limits.count() else ""
    if page.locator("button[value='TM:C:YES']").count():
        return "TM:C:YES" if said == kiosk.text("answer.yes") else "TM:C:NO"
    if page.locator("button[value='TM:C:CHOICE:1']").count():
        captions = page.locator(".answers button[value^='TM:C:CHOICE']").all_inner_texts()
        good = [part.strip() for part in said.split("/")]
        for number, caption in enumerate(captions, 1):
            if not said or any(caption.endswith(part) for part in good):
                return f"TM:C:CHOICE:{number}"
    if page.locator("button[value='TM:C:OK']").count():
        return "TM:C:OK"  # the person at the terminal signs
    last = page.locator(".answers .lead").first
    if page.locator(".answers .pad").count() and last.count():
        shown = re.findall(r"[0-9]+(?:[.][0-9]+)?", last.inner_text())
        if shown:
            return shown[0]  # a meter: what it showed last time
    numbers = [word for word in said.replace("…", " ").split() if word.lstrip("-").replace(".", "", 1).isdigit()]
    if page.locator(".answers .pad").count():
        return numbers[0] if numbers else "1200"
    if page.locator("button[formaction^='/open/skip']").count():
        return "TM:C:CANCEL"
    return "1200"


def stops(kiosk):
    return kiosk.page.locator(".stop")


def test_a_round_of_five_machines_is_walked_by_scanner_alone(
    hub, terminal, open_kiosk, size, language
):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, INSPECTOR)
    kiosk.scan("TM:C:INSPECT", "attention")
    kiosk.at("round")
    kiosk.picture("round")
    kiosk.is_well_made()
    expect(stops(kiosk).first).to_contain_text(kiosk.text("kiosk.due_never"))
    before = terminal.unsynced()
    for tag in ["AIR-01", "PMP-01", "CNV-01", "FLT-01", "LAT-01"]:
        begun = time.monotonic()
        kiosk.scan(PLATE + tag, "good")
        # The typing of some forty keys is part of it.
        kiosk.at("inspection")
        took = time.monotonic() - begun
        expect(kiosk.page.locator(".title h1")).to_contain_text(tag)
        print(f"{tag}: plate to form in {took:.2f} s, the scanner's typing included")
        skip_or_answer(kiosk, ["TM:C:YES", BAD] if tag == "AIR-01" else [])
        kiosk.scan("TM:C:SIGN", "good")
        kiosk.says("kiosk.inspection_signed")
        kiosk.at("round")
    done = kiosk.page.locator(".stop-done")
    expect(done).to_have_count(5)
    kiosk.picture("round-done")
    kiosk.is_well_made()
    assert terminal.unsynced() - before > 30
    assert kiosk.complaints == []
    # The hub looks at the same routes; nothing was missed twice since they were published.
    assert json.loads(get(f"{hub.url}/api/v1/missed-inspections")) == []


def skip_or_answer(kiosk, first):
    """Answers everything; what is optional and cannot be answered by a code is skipped."""
    asked = kiosk.page.locator(".question h2")
    answers = list(first)
    skipped = set()
    for _ in range(60):
        if not kiosk.page.locator("#main .limits").count():
            return
        question = asked.inner_text()
        answer = answers.pop(0) if answers else good_answer(kiosk)
        if answer == "TM:C:CANCEL":
            if question in skipped:
                return
            skipped.add(question)
            kiosk.scan(answer, "attention")
        else:
            kiosk.scan(answer, "attention" if answer == BAD else "good")
        if len(skipped) > 1 or answer != "TM:C:CANCEL":
            expect(asked).not_to_have_text(question)
    raise AssertionError("the form has no end")


def test_a_severe_hazard_stops_the_machine_by_scanner_alone(
    hub, terminal, open_kiosk, size, language
):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, INSPECTOR)
    kiosk.scan(PLATE + "MIL-01", "good")
    asked = kiosk.page.locator(".question h2")
    for _ in range(20):
        if kiosk.page.locator(".question-severe").count():
            break
        question = asked.inner_text()
        kiosk.scan(good_answer(kiosk), "good")
        expect(asked).not_to_have_text(question)
    kiosk.scan("TM:C:NO", "wrong")
    kiosk.at("hazard")
    kiosk.picture("hazard")
    kiosk.is_well_made()
    kiosk.scan("TM:C:YES", "attention")
    kiosk.picture("hazard-again")
    kiosk.is_well_made()
    kiosk.scan("TM:C:YES", "wrong")  # the same code once more stops nothing
    kiosk.at("hazard")
    kiosk.scan("TM:C:OK", "wrong")
    kiosk.at("stop-card")
    kiosk.says("kiosk.machine_stopped", equipment="MIL-01")
    kiosk.picture("stop-card")
    kiosk.is_well_made()
    paper = kiosk.page.locator(".stop-card a").get_attribute("href")
    kiosk.scan("TM:C:SIGN", "wrong")  # an inspector releases nothing
    kiosk.at("stop-card")

    sheet = kiosk.page.context.new_page()
    sheet.goto(terminal.url + paper)
    expect(sheet.locator("h1")).to_have_text("MIL-01")
    expect(sheet.locator("header p")).to_have_text(kiosk.text("kiosk.stop_card_word"))
    if kiosk.pictures:
        sheet.screenshot(path=kiosk.pictures / f"stop-card-paper-{language}.png", full_page=True)
    sheet.close()

    kiosk.scan(LEADER, "good")
    kiosk.at("home")
    row = kiosk.page.locator("section[aria-labelledby=home-inspect] button.row", has_text="MIL-01")
    expect(row.first).to_contain_text(kiosk.text("kiosk.stopped"))
    kiosk.scan(PLATE + "MIL-01", "good")
    kiosk.scan("TM:C:INSPECT", "good")
    kiosk.at("machine")
    expect(kiosk.page.locator(".notice-stop")).to_be_visible()
    kiosk.picture("machine-stopped")
    kiosk.is_well_made()
    kiosk.page.locator(".notice-stop button").click()
    kiosk.at("stop-card")
    kiosk.scan("TM:C:SIGN", "good")
    kiosk.says("kiosk.machine_released", equipment="MIL-01")
    expect(kiosk.page.locator(".notice-stop")).to_have_count(0)
    released = kiosk.page.locator(".history-good", has_text=kiosk.text("kiosk.history_released"))
    expect(released.first).to_contain_text("Wu Li")
    assert kiosk.complaints == []


def test_a_stop_card_sounds_until_it_is_silenced(terminal, open_kiosk):
    kiosk = open_kiosk((1280, 800), "en")
    kiosk.page.evaluate(
        """() => {
            window.sounds = 0;
            const start = OscillatorNode.prototype.start;
            OscillatorNode.prototype.start = function (...when) {
                window.sounds += 1;
                return start.apply(this, when);
            };
        }"""
    )
    sign_in(kiosk, INSPECTOR)
    kiosk.scan(PLATE + "PRS-01", "good")
    kiosk.scan("TM:C:STOP", "attention")
    kiosk.scan("TM:C:YES", "attention")
    kiosk.scan("TM:C:OK", "wrong")
    heard = kiosk.page.evaluate("window.sounds")
    kiosk.page.wait_for_function("heard => window.sounds >= heard + 6", arg=heard)
    kiosk.page.locator("[data-alarm-off]").click()
    silent = kiosk.page.evaluate("window.sounds")
    kiosk.page.wait_for_timeout(4000)
    assert kiosk.page.evaluate("window.sounds") == silent
    assert kiosk.complaints == []


def test_a_machine_shows_its_meter_and_its_history(hub, terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, INSPECTOR)
    for reading in range(2):
        kiosk.scan(PLATE + "PMP-01", "good")
        skip_or_answer(kiosk, [])
        kiosk.scan("TM:C:SIGN", "good")
    kiosk.scan(PLATE + "PMP-01", "good")
    kiosk.scan("TM:C:INSPECT", "good")
    kiosk.at("machine")
    expect(kiosk.page.locator("svg.graph")).to_have_count(1)
    expect(kiosk.page.locator(".history-good").first).to_be_visible()
    kiosk.picture("machine")
    kiosk.is_well_made()
    kiosk.scan("TM:C:OK", "good")
    kiosk.at("inspection")
    # A meter may show anything that a number can say: its graph is drawn all the same.
    for reading in ["999999999999999999 swap", "3 reset"]:
        begun = command(terminal, INSPECTOR, beginInspection={"equipment": "PMP-01", "plateScanned": True})
        answer = {"inspection": begun["entity"], "question": "running_hours", "answer": reading}
        command(terminal, INSPECTOR, answerCheck=answer)
        kiosk.scan("TM:C:INSPECT", "good")
        expect(kiosk.page.locator("svg.graph")).to_have_count(1)
        kiosk.scan("TM:C:OK", "good")
    assert kiosk.complaints == []


def command(terminal, badge, **command):
    """What a program asks of the terminal, in the name of a worker."""
    body = json.dumps({"worker": badge.removeprefix("TM:W:"), "command": command}).encode()
    request = urllib.request.Request(
        f"{terminal.url}/api/v1/commands", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def test_the_stop_output_runs_when_a_machine_is_stopped_and_released(
    hub, chromium, tmp_path, open_kiosk
):
    log = tmp_path / "light"
    script = tmp_path / "light.sh"
    script.write_text(f'#!/bin/sh\necho "$1 $TALLYMAN_MACHINE" >> {log}\n')
    script.chmod(0o755)
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        "devices: []\nstopOutput:\n"
        f"  stop: [{script}, red]\n  release: [{script}, green]\n  machines: [CNV-01]\n"
        "  timeoutSeconds: 60\n"
    )
    terminal = Terminal(hub, tmp_path / "light-terminal", "light", profile=str(profile))

    def said():
        return log.read_text().splitlines() if log.exists() else []

    other = {"equipment": "FLT-01", "reason": "brakes"}  # not this light's
    command(terminal, INSPECTOR, stopMachine=other)
    command(terminal, INSPECTOR, stopMachine={"equipment": "CNV-01", "reason": "smoke"})
    wait(lambda: said() == ["red CNV-01"])
    command(terminal, LEADER, releaseMachine={"equipment": "CNV-01"})
    wait(lambda: said() == ["red CNV-01", "green CNV-01"])
    command(terminal, LEADER, releaseMachine={"equipment": "FLT-01"})
    terminal.stop()
