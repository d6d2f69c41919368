"""A maintenance order on the floor: taken, laid down, parts used, finished, by scanner alone."""

from playwright.sync_api import expect

from test_exceptions import CREW, LINE_WORKER, report
from test_kiosk import sign_in


def test_a_crew_works_on_an_order_without_the_hub(terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, LINE_WORKER)
    report(kiosk, "PMP-01", "EQUIPMENT_BREAKDOWN", [3])
    terminal.find_hub()
    terminal.lose_hub()
    kiosk.page.goto(terminal.url)
    sign_in(kiosk, CREW)
    rows = kiosk.page.locator("section[aria-labelledby=home-inspect] button.row")
    row = rows.filter(has_text="PMP-01").first
    expect(row).to_contain_text("MO-SZ1-")
    kiosk.picture("home-orders")
    kiosk.is_well_made()
    kiosk.scan(f"TM:C:CHOICE:{row.locator('.ordinal').inner_text()}", "good")
    kiosk.at("order")
    kiosk.picture("order-open")
    kiosk.is_well_made()
    kiosk.scan("TM:C:SIGN", "wrong")  # nobody has taken it
    kiosk.scan("TM:C:OK", "good")
    kiosk.scan("TM:C:QTY:2", "attention")
    kiosk.scan("BRG-6204", "good")
    kiosk.says("kiosk.part_used", material="BRG-6204", count=2)
    kiosk.scan("TM:C:CHOICE:1", "attention")
    kiosk.scan("TM:C:OK", "good")
    kiosk.picture("order-work")
    kiosk.is_well_made()
    expect(kiosk.page.locator(".step-goods")).to_contain_text("BRG-6204")
    kiosk.scan("TM:C:SIGN", "good")
    kiosk.at("home")
    assert terminal.unsynced() >= 5
    assert kiosk.complaints == []
