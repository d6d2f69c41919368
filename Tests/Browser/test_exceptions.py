"""An exception from the first voice to the paper: by scanner alone, offline, by who may."""

import time

import pytest
from playwright.sync_api import expect

from conftest import names
from plant import Terminal
from test_kiosk import DOUBLE_PRESS_MS, PLATE, sign_in
from test_photos import take, torn_carton, seen

LINE_WORKER, CREW, LEADER, SUPERVISOR = "TM:W:W005", "TM:W:W006", "TM:W:W007", "TM:W:W008"
TABLE = ["LAT-01", "MIL-01", "INJ-01", "PRS-01"]


@pytest.fixture
def machine(size, language):
    """The tests share the hub, and reports on one machine would join: each has one of its own."""
    return TABLE[(size[0] == 800) * 2 + (language == "en")]


def report(kiosk, machine, category, choices):
    """From home to the report, by scans."""
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.scan(PLATE + machine, "good")
    kiosk.scan(f"TM:C:CATEGORY:{category}", "good")
    for choice in choices:
        kiosk.scan(f"TM:C:CHOICE:{choice}", "good")
    kiosk.scan("TM:C:OK", "good")
    kiosk.at("exception")


def open_first(kiosk, machine):
    """Opens the report of a machine from home by its number."""
    rows = kiosk.page.locator("section[aria-labelledby=home-report] button.row")
    row = rows.filter(has_text=machine).first
    kiosk.scan(f"TM:C:CHOICE:{row.locator('.ordinal').inner_text()}", "good")
    kiosk.at("exception")


def test_an_exception_is_captured_and_contained_by_scanner_alone(
    terminal, open_kiosk, size, language, machine
):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, LINE_WORKER)
    begun = time.monotonic()
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.scan(PLATE + machine, "good")
    kiosk.picture("exception-category")
    kiosk.is_well_made()
    kiosk.scan("TM:C:CATEGORY:QUALITY", "good")
    kiosk.scan("TM:C:CHOICE:3", "good")
    kiosk.scan("TM:C:CHOICE:1", "good")
    kiosk.scan("WO-2026-0311", "good")  # a production order, as its paper has it
    kiosk.scan("06\x1dPBRG-6204\x1d1TL20260811", "good")  # a supplier's label
    take(kiosk, torn_carton(7), "good")
    kiosk.picture("exception-capture")
    kiosk.is_well_made()
    kiosk.scan("TM:C:OK", "good")
    assert time.monotonic() - begun < 20
    kiosk.says("kiosk.report_raised", equipment=machine)
    kiosk.at("exception")
    main = kiosk.page.locator("#main")
    for part in ["WO-2026-0311", "BRG-6204", "L20260811"]:
        expect(main).to_contain_text(part)
    seen(kiosk, kiosk.page.locator(".voice button.look img"))
    assert terminal.unsynced() >= 1

    # Whoever sees the same adds a voice to the one report, and keeps those words.
    kiosk.scan("TM:W:W001", "good")
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.scan(PLATE + machine, "good")
    kiosk.scan("TM:C:CATEGORY:QUALITY", "good")
    expect(kiosk.page.locator(".notice-joins")).to_be_visible()
    kiosk.scan("TM:C:CHOICE:2", "good")
    kiosk.picture("exception-joins")
    kiosk.is_well_made()
    kiosk.scan("TM:C:OK", "good")
    kiosk.says("kiosk.report_joined", equipment=machine, count=2)
    expect(kiosk.page.locator(".voice")).to_have_count(2)

    # A line worker of another team cannot write the containment, but words beside it stand.
    sign_in(kiosk, LINE_WORKER)
    open_first(kiosk, machine)
    kiosk.scan("TM:C:OK", "wrong")
    # The crew contains it: its section comes by itself.
    sign_in(kiosk, CREW)
    open_first(kiosk, machine)
    expect(kiosk.page.locator(".section-at-hand")).to_contain_text(kiosk.text("section.containment"))
    kiosk.scan("TM:C:CHOICE:1", "good")
    kiosk.scan("TM:C:CHOICE:4", "good")
    kiosk.picture("exception-contain")
    kiosk.is_well_made()
    kiosk.scan("TM:C:OK", "good")
    expect(kiosk.page.locator(".title-sheet .chip").first).to_have_text(kiosk.text("stage.contained"))

    # Another's words are not overwritten: what is written is kept beside them.
    sign_in(kiosk, LEADER)
    open_first(kiosk, machine)
    section = kiosk.page.locator("button.section", has_text=kiosk.text("section.containment"))
    section.click()
    expect(kiosk.page.locator(".section-at-hand")).to_contain_text(kiosk.text("section.containment"))
    kiosk.page.wait_for_timeout(DOUBLE_PRESS_MS)
    kiosk.scan("TM:C:CHOICE:5", "good")
    kiosk.scan("TM:C:OK", "good")
    expect(kiosk.page.locator(".words-added")).to_have_count(1)
    kiosk.picture("exception-beside")
    kiosk.is_well_made()
    assert kiosk.complaints == []


def test_an_exception_is_closed_step_by_step_and_printed_as_8d(
    terminal, open_kiosk, size, language, machine
):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, LINE_WORKER)
    report(kiosk, machine, "SAFETY", [1])
    sign_in(kiosk, LEADER)
    open_first(kiosk, machine)
    # The sections come one after the other.
    for name in ["responsible_team", "containment", "root_cause", "prevention"]:
        hand = kiosk.page.locator(".section-at-hand")
        expect(hand).to_contain_text(kiosk.text(f"section.{name}"))
        kiosk.scan("TM:C:CHOICE:1", "good")
        if name == "responsible_team":
            kiosk.picture("exception-team")
            kiosk.is_well_made()
        kiosk.scan("TM:C:OK", "good")
    kiosk.scan("TM:C:SIGN", "good")
    kiosk.says("kiosk.report_resolve")
    kiosk.scan("TM:C:SIGN", "good")
    kiosk.says("kiosk.report_close")
    kiosk.picture("exception-closed")
    kiosk.is_well_made()
    with kiosk.page.expect_popup() as popup:
        kiosk.page.get_by_role("link", name="8D").click()
    paper = popup.value
    paper.wait_for_load_state()
    body = paper.locator("body")
    for number in ["D1", "D2", "D3", "D4", "D5/D6", "D7", "D8"]:
        expect(body).to_contain_text(number)
    expect(body).to_contain_text(machine)
    expect(body).to_contain_text(kiosk.text("eight_d.d8"))
    assert paper.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if kiosk.pictures:
        file = f"exception-8d-{language}-{size[0]}x{size[1]}.png"
        paper.screenshot(path=kiosk.pictures / file, full_page=True)
    paper.emulate_media(media="print")
    # Where a browser can make a PDF of it, it is one of A4 pages.
    assert paper.pdf(prefer_css_page_size=True)[:5] == b"%PDF-"
    paper.close()
    assert kiosk.complaints == []


def test_five_workers_at_terminals_apart_make_one_report(hub, open_kiosk, tmp_path):
    """Each reports without the hub; when they meet there, it is one report with five voices."""
    terminals = [Terminal(hub, tmp_path / f"t{index}", f"dock-{next(names)}") for index in range(5)]
    try:
        for index, terminal in enumerate(terminals):
            kiosk = open_kiosk((1280, 800), "en", at=terminal)
            sign_in(kiosk, ["TM:W:W001", "TM:W:W002", "TM:W:W003", "TM:W:W004", "TM:W:W005"][index])
            report(kiosk, "FLT-01", "EQUIPMENT_BREAKDOWN", [index + 1])
        for terminal in terminals:
            terminal.find_hub()
        terminals[0].synced()
        kiosk = open_kiosk((1280, 800), "en", at=terminals[0])
        sign_in(kiosk, CREW)
        rows = kiosk.page.locator("section[aria-labelledby=home-report] button.row")
        expect(rows.filter(has_text="FLT-01")).to_have_count(1)
        open_first(kiosk, "FLT-01")
        expect(kiosk.page.locator(".voice")).to_have_count(5)
        # The rule for forklifts sends it to logistics; one maintenance order has all five findings.
        expect(kiosk.page.locator("#main")).to_contain_text("Logistics")
        orders = [order for order in hub.orders() if order.get("equipment") == "FLT-01"]
        assert len(orders) == 1 and len(orders[0]["findings"]) == 5
        expect(kiosk.page.locator("#main")).to_contain_text(orders[0]["number"])
        kiosk.picture("exception-five-voices")
        kiosk.is_well_made()
    finally:
        for terminal in terminals:
            terminal.stop()
