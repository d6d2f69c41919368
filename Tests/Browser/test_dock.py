"""What is not as the note says, at the dock: by scanner alone, in both languages and sizes."""

from playwright.sync_api import expect

from test_kiosk import CLERK, sign_in

LEADER = "TM:W:W007"


def line(kiosk, number):
    return kiosk.page.locator(".line").nth(number - 1)


def test_wrong_items_holds_and_what_is_over(hub, terminal, open_kiosk, tmp_path, size, language):
    number = f"DN-DOCK-{language}-{size[0]}"
    note = hub.note(number, tmp_path / "note.json")
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, CLERK)
    kiosk.scan(note, "good")
    kiosk.at("receipt")
    kiosk.scan("TM:C:CHOICE:2", "good")
    kiosk.scan("TM:C:AS-NOTED", "good")
    kiosk.scan("TM:C:AS-NOTED", "again")
    kiosk.scan("5", "good")
    kiosk.scan("TM:C:UNDO", "good")
    expect(kiosk.page.locator(".entry-back")).to_have_count(1)
    expect(kiosk.page.locator(".entry-back")).to_contain_text("5")
    kiosk.picture("dock-undone")
    kiosk.is_well_made()
    kiosk.scan("TM:C:HOLD", "wrong")
    kiosk.picture("dock-held")
    kiosk.is_well_made()
    expect(line(kiosk, 2).locator(".chip-wrong")).to_be_visible()
    kiosk.scan("3", "wrong")
    kiosk.scan(LEADER, "good")
    kiosk.page.locator("button.row", has_text=number).first.click()
    kiosk.scan("TM:C:CHOICE:2", "wrong")
    kiosk.scan("TM:C:RELEASE", "good")
    kiosk.scan("7", "good")
    kiosk.picture("dock-over")
    kiosk.is_well_made()
    assert kiosk.complaints == []


def test_goods_without_papers(terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, CLERK)
    kiosk.scan("TM:C:NO-PAPERS", "attention")
    kiosk.at("receipt")
    kiosk.picture("dock-without-papers")
    kiosk.is_well_made()
    kiosk.scan("BOLT-M8X30", "attention")
    kiosk.picture("dock-how-many")
    kiosk.is_well_made()
    kiosk.scan("12", "good")
    expect(line(kiosk, 1)).to_contain_text("12")
    kiosk.scan("TM:C:CLOSE-RECEIPT", "attention")
    assert kiosk.complaints == []


def test_goods_are_put_away_where_the_page_says(
    hub, terminal, open_kiosk, tmp_path, size, language
):
    note = hub.note(f"DN-BIN-{language}-{size[0]}", tmp_path / "note.json")
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, CLERK)
    kiosk.scan(note, "good")
    kiosk.scan("TM:C:CHOICE:2", "good")
    kiosk.scan("TM:C:AS-NOTED", "good")
    kiosk.scan("TM:C:CLOSE-RECEIPT", "attention")
    why = kiosk.page.locator(".bin-card .lead")
    expect(why).to_have_text(kiosk.text("kiosk.put_away_empty"))
    kiosk.picture("dock-put-away")
    kiosk.is_well_made()
    kiosk.scan("15", "attention")
    kiosk.scan("TM:B:NO-SUCH", "wrong")
    kiosk.scan("TM:B:B-01-02", "good")
    expect(kiosk.page.locator(".bin-code")).to_have_text("B-01-02")
    expect(why).to_contain_text("L26112A")
    kiosk.press(kiosk.text("kiosk.put_away_key"), "good")
    expect(kiosk.page.locator(".bin-code")).to_have_count(0)
    assert kiosk.complaints == []
