"""The three workflows at a terminal without its hub, worked by a scanner that types."""

import pytest
from playwright.sync_api import expect

from plant import SITE

CLERK, INSPECTOR, LINE_WORKER = "TM:W:W001", "TM:W:W003", "TM:W:W005"
PLATE = "https://id.tallyman.example/8004/"


def row(kiosk, number):
    return kiosk.page.locator(f"button.line[value='TM:C:CHOICE:{number}']")


def sign_in(kiosk, badge):
    kiosk.scan(badge, "good")
    kiosk.at("home")


def test_a_delivery_is_received_by_scanner_alone(
    hub, terminal, open_kiosk, size, language, tmp_path
):
    number = f"DN-{language}-{size[0]}"
    paper = hub.note(number, tmp_path / "note.json")  # made after the link was cut
    kiosk = open_kiosk(size, language)
    kiosk.picture("sign-in")
    kiosk.is_well_made()
    sign_in(kiosk, CLERK)
    kiosk.is_well_made()

    kiosk.scan(paper, "good")
    kiosk.at("receipt")
    kiosk.says("kiosk.receipt_opened", note=number)
    cartons = ["069012340000000016", "069012340000000023", "069012340000000030"]
    kiosk.scan("]C100" + cartons[0], "good")  # with an AIM prefix
    kiosk.scan("00" + cartons[1], "good", end="Tab")
    kiosk.scan(cartons[2], "good", end=None)  # a scanner that ends with nothing
    kiosk.scan(cartons[0], "again")
    kiosk.picture("receipt-again")
    expect(row(kiosk, 1)).to_contain_text("150")
    expect(row(kiosk, 1)).to_contain_text(kiosk.text("kiosk.cartons_seen", seen=3, cartons=4))

    kiosk.scan("L26112A", "good")  # the lot chooses its line
    kiosk.scan("3", "good")
    kiosk.scan("TM:C:UNDO", "good")
    kiosk.scan("TM:C:AS-NOTED", "good")
    expect(row(kiosk, 2)).to_contain_text(kiosk.text("kiosk.even"))
    for carton in ["069012340000000054", "069012340000000061", "069012340000000078"]:
        kiosk.scan("00" + carton, "good")
    kiosk.scan("TM:C:CHOICE:4", "good")
    kiosk.scan("TM:C:QTY:35", "good")
    kiosk.scan("TM:C:DAMAGE", "attention")
    kiosk.picture("receipt-damage")
    kiosk.is_well_made()
    kiosk.scan("2", "good")
    expect(row(kiosk, 4)).to_contain_text("35")
    kiosk.scan("999912340000000017", "wrong")  # a stranger's carton
    kiosk.picture("receipt-wrong")
    kiosk.scan("TM:C:PART-DONE", "good")
    kiosk.picture("receipt")
    kiosk.is_well_made()

    unsynced = terminal.unsynced()
    assert unsynced > 10
    strip = kiosk.page.locator("#unsynced")
    expect(strip).to_contain_text(kiosk.text("kiosk.unsynced", count=unsynced, since="")[:6].strip())
    expect(kiosk.page.locator("#strip")).to_contain_text(kiosk.text("kiosk.offline"))

    kiosk.scan("TM:C:CLOSE-RECEIPT", "attention")  # 10 of 200 and 5 of 40 are short
    kiosk.says("kiosk.receipt_closed_differs", note=number)
    kiosk.picture("receipt-closed")
    kiosk.is_well_made()

    terminal.find_hub()
    orders = [order for order in hub.orders() if order.get("note") == number]
    assert len(orders) == 1
    counted = {line["line"]: line["counted"] for line in orders[0]["lines"]}
    assert counted == {1: "150", 2: "40", 3: "120", 4: "35"}
    assert [line.get("damaged") for line in orders[0]["lines"]][3] == "2"


def test_a_machine_is_inspected_by_scanner_alone(hub, terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, INSPECTOR)
    kiosk.scan(PLATE + "AIR-01", "good")
    kiosk.at("inspection")
    kiosk.picture("inspection")
    kiosk.is_well_made()
    question = kiosk.page.locator(".question h2")
    for answer in ["TM:C:YES", "0.31", "85", "0.7", "TM:C:CHOICE:1", "TM:C:NO", "TM:C:YES"]:
        asked = question.inner_text()
        kiosk.scan(answer, "attention" if answer == "0.31" else "good")
        expect(question).not_to_have_text(asked)
        if answer == "0.31":
            kiosk.picture("inspection-bad")
            kiosk.is_well_made()
    kiosk.scan("TM:C:SIGN", "wrong")  # two answers are missing
    kiosk.picture("inspection-missing")
    kiosk.scan("TM:C:UNDO", "attention")
    kiosk.scan("TM:C:YES", "good")
    kiosk.scan("TM:C:YES", "good")
    kiosk.scan("eleven hundred", "wrong")
    kiosk.scan("1174", "good")
    kiosk.scan("TM:C:SIGN", "good")
    kiosk.says("kiosk.inspection_signed")
    kiosk.at("home")
    assert terminal.unsynced() >= 12

    terminal.find_hub()
    kiosk.page.goto(terminal.url)
    sign_in(kiosk, INSPECTOR)
    orders = [order for order in hub.orders() if order.get("equipment") == "AIR-01"]
    assert len(orders) == 1
    expect(kiosk.page.locator("button.row", has_text="AIR-01")).to_contain_text(orders[0]["number"])
    kiosk.picture("home-order")
    kiosk.is_well_made()


def test_an_exception_is_reported_by_scanner_alone(hub, terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, LINE_WORKER)
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.at("report")
    kiosk.picture("report-begun")
    kiosk.scan("TM:C:OK", "wrong")  # not yet: no machine
    kiosk.scan(PLATE + "INJ-01", "good")
    kiosk.scan("TM:C:CATEGORY:EQUIPMENT_BREAKDOWN", "good")
    words = "<b>oil</b> & smoke"
    kiosk.scan(words, "good")
    expect(kiosk.page.locator(".words")).to_have_text(words)
    kiosk.picture("report")
    kiosk.is_well_made()
    kiosk.scan("TM:C:OK", "good")
    kiosk.at("exception")
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("kiosk.not_routed"))
    kiosk.picture("exception-unrouted")
    assert terminal.unsynced() == 2  # that it was raised, and its words

    terminal.find_hub()
    kiosk.page.goto(terminal.url)
    sign_in(kiosk, LINE_WORKER)
    kiosk.page.locator("section[aria-labelledby=home-report] button.row").first.click()
    kiosk.at("exception")
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("team.maintenance"))
    expect(kiosk.page.locator("#unsynced")).to_have_text(kiosk.text("kiosk.all_synced"))
    kiosk.picture("exception")
    kiosk.is_well_made()
