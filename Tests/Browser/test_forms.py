"""Every type of question, answered by scanner alone and by finger alone."""

import itertools

from playwright.sync_api import expect

from plant import TEMPLATES

INSPECTOR, SUPERVISOR = "TM:W:W003", "TM:W:W008"
PLATE = "https://id.tallyman.example/8004/"
# A second press of one key within this time is taken for a glove's.
DOUBLE_PRESS_MS = 400
# What the press's meter shows falls from test to test, since they share the hub.
hours = itertools.count(500, -10)


def begin(kiosk, tag):
    kiosk.scan(INSPECTOR, "good")
    kiosk.at("home")
    kiosk.scan(PLATE + tag, "good")
    kiosk.at("inspection")


def given(kiosk, answer):
    return kiosk.page.locator(".answers-given li", has_text=answer)


def test_every_type_is_answered_by_scanner_alone(terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    begin(kiosk, "PRS-01")
    asked = kiosk.page.locator(".question h2")
    reading = next(hours)
    answers = [
        ("TM:C:YES", "good"), ("TM:C:YES", "good"), ("TM:C:NO", "good"), ("12", "good"),
        ("TM:C:NO", "good"), ("0.5", "good"),
        ("0.55", "attention"),  # good by itself, and too much beside the one before
        ("TM:C:YES", "good"), ("TM:C:CANCEL", "attention"), ("TM:C:NO", "good"),
        # Elsewhere the plate of another machine; here it is the code that is asked for.
        (PLATE + "DIE-7", "good"), ("12345", "good"), (str(reading), "good"),
    ]
    for answer, tone in answers:
        before = asked.inner_text()
        kiosk.scan(answer, tone)
        expect(asked).not_to_have_text(before)
        if answer == "TM:C:NO" or answer == "0.55":
            kiosk.is_well_made()
    expect(given(kiosk, "DIE-7")).to_be_visible()
    expect(kiosk.page.locator(".given-bad")).to_contain_text("-0.05")
    kiosk.picture("form-signature")
    kiosk.is_well_made()
    kiosk.scan(SUPERVISOR, "good")  # whoever's badge it is signs; the inspector stays signed in
    expect(given(kiosk, "Zheng Wei")).to_be_visible()
    kiosk.scan("TM:C:SIGN", "good")
    kiosk.at("home")

    # Next time the meter shows less than it did: that is questioned, and taken with its reason.
    kiosk.scan(PLATE + "PRS-01", "good")
    for _ in range(12):
        before = asked.inner_text()
        kiosk.scan("TM:C:CANCEL", "attention")
        expect(asked).not_to_have_text(before)
    kiosk.picture("form-meter")
    kiosk.is_well_made()
    before = asked.inner_text()
    kiosk.scan(str(reading - 10), "attention")
    expect(asked).to_have_text(before)
    kiosk.picture("form-meter-questioned")
    kiosk.is_well_made()
    kiosk.scan("TM:C:CHOICE:3", "good")
    expect(asked).not_to_have_text(before)
    expect(given(kiosk, kiosk.text("meter.swap"))).to_be_visible()


def test_rounds_and_signatures_are_answered_by_finger_alone(terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    kiosk.scan(INSPECTOR, "good")
    kiosk.page.locator("button.row[formaction^='/open/equipment']", has_text="CNV-01").click()
    kiosk.at("inspection")
    asked = kiosk.page.locator(".question h2")

    def press(name, tone="good"):
        before = asked.inner_text()
        kiosk.page.wait_for_timeout(DOUBLE_PRESS_MS)
        kiosk.press(name, tone)
        expect(asked).not_to_have_text(before)

    def enter(text):
        before = asked.inner_text()
        kiosk.page.wait_for_timeout(DOUBLE_PRESS_MS)
        for digit in text:
            kiosk.page.locator(f".pad [data-key='{digit}']").click()
        kiosk.press(kiosk.text("kiosk.ok"), "good")
        expect(asked).not_to_have_text(before)

    yes, no = kiosk.text("answer.yes"), kiosk.text("answer.no")
    press(yes)
    press(yes)
    enter("12")
    kiosk.page.wait_for_timeout(DOUBLE_PRESS_MS)
    kiosk.page.locator(".answers .key-huge").first.click()
    expect(asked).to_contain_text("1")
    expect(asked).to_contain_text("？" if language == "zh-CN" else "?")
    kiosk.picture("form-round")
    kiosk.is_well_made()
    press(yes, "attention")  # one roller that is stuck is one too many
    # Words are typed; this is the only thing here that a finger alone cannot press.
    kiosk.page.locator("#typed-text").fill("B-7")
    kiosk.press(kiosk.text("kiosk.ok"), "good")
    expect(asked).to_contain_text("2")
    press(no)
    expect(kiosk.page.locator(".given-bad")).to_contain_text("1")
    assert kiosk.complaints == []


def test_the_templates_are_all_there():
    forms = {file.stem for file in (TEMPLATES / "Inspection").glob("*.yaml")}
    assert forms >= {
        "lathe", "milling_machine", "injection_moulding_machine", "air_compressor", "press",
        "forklift", "conveyor", "pump",
    }
