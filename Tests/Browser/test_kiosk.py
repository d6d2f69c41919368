"""The three workflows at a terminal without its hub, worked by a scanner that types."""

import json

import pytest
from playwright.sync_api import expect

from kiosk import Kiosk
from conftest import names
from plant import SITE, Terminal, wait

CLERK, INSPECTOR, LINE_WORKER = "TM:W:W001", "TM:W:W003", "TM:W:W005"
# A second press of one key within this time is taken for a glove's.
DOUBLE_PRESS_MS = 400
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
    expect(kiosk.page.locator("button.row", has_text="AIR-01").first).to_contain_text(orders[0]["number"])
    kiosk.picture("home-order")
    kiosk.is_well_made()


def test_an_exception_is_reported_by_scanner_alone(hub, terminal, open_kiosk, size, language):
    # The tests share the hub, and reports on one machine would join: each has a machine of its own.
    machine = ["INJ-01", "LAT-01", "PRS-01", "CNV-01"][(size[0] == 800) * 2 + (language == "en")]
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, LINE_WORKER)
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.at("report")
    kiosk.picture("report-begun")
    kiosk.scan("TM:C:OK", "wrong")  # not yet: no machine
    kiosk.scan(PLATE + machine, "good")
    kiosk.scan("TM:C:CATEGORY:SAFETY", "good")
    words = "<b>oil</b> & smoke"
    kiosk.scan(words, "good")
    expect(kiosk.page.locator(".words")).to_have_text(words)
    kiosk.picture("report")
    kiosk.is_well_made()
    kiosk.scan("TM:C:OK", "good")
    kiosk.at("exception")
    # The terminal's own rules say where it will go.
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("kiosk.routed_here"))
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("team.safety"))
    kiosk.picture("exception-unrouted")
    assert terminal.unsynced() == 1

    terminal.find_hub()
    kiosk.page.goto(terminal.url)
    sign_in(kiosk, LINE_WORKER)
    rows = kiosk.page.locator("section[aria-labelledby=home-report] button.row")
    rows.filter(has_text=machine).first.click()
    kiosk.at("exception")
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("kiosk.team_has_it"))
    expect(kiosk.page.locator("#unsynced")).to_have_text(kiosk.text("kiosk.all_synced"))
    kiosk.picture("exception")
    kiosk.is_well_made()


def test_what_became_of_a_record_is_told_where_it_was_recorded(
    hub, terminal, open_kiosk, size, language
):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, LINE_WORKER)
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.scan(PLATE + "INJ-01", "good")
    kiosk.scan("TM:C:CATEGORY:EQUIPMENT_BREAKDOWN", "good")
    kiosk.scan("TM:C:OK", "good")
    kiosk.page.locator("#unsynced").click()
    expect(kiosk.page).to_have_url(terminal.url + "/records")
    row = kiosk.page.locator(".print-job").first
    expect(row).to_contain_text("INJ-01")
    expect(row).to_contain_text(kiosk.text("record_type.exception_report.raised"))
    expect(row).to_contain_text(kiosk.text("record_state.unsent"))
    kiosk.picture("records-unsent")
    kiosk.is_well_made()
    # When the hub has it, the page says so by itself.
    terminal.find_hub()  # at another port
    kiosk.page.goto(terminal.url + "/records")
    empty = kiosk.page.locator(".print-empty")
    expect(empty).to_have_text(kiosk.text("records.empty"), timeout=60_000)
    kiosk.picture("records-empty")
    kiosk.page.get_by_role("link", name=kiosk.text("kiosk.home_key")).click()
    kiosk.at("sign_in")  # it has started anew


def test_goods_counted_on_two_terminals_are_held_for_review(
    hub, terminal, another_terminal, open_kiosk, tmp_path
):
    number = "DN-twice"
    paper = hub.note(number, tmp_path / "note.json")
    for each, badge in [(terminal, CLERK), (another_terminal, "TM:W:W002")]:
        kiosk = open_kiosk((1280, 800), at=each)
        sign_in(kiosk, badge)
        kiosk.scan(paper, "good")
        kiosk.scan("TM:C:CHOICE:2", "good")
        kiosk.scan("TM:C:QTY:40", "good")
    terminal.find_hub()
    another_terminal.find_hub()
    terminal.synced()
    kiosk = open_kiosk((1280, 800), theme="night", at=terminal)
    sign_in(kiosk, CLERK)
    kiosk.is_well_made()
    kiosk.picture("home-night")
    kiosk.page.locator("button.row", has_text=number).click()
    pair = kiosk.page.locator(".pair-open")
    expect(pair).to_contain_text(kiosk.text("kiosk.counted_twice", line=2))
    expect(pair.locator(".pair-counts span")).to_have_count(2)
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("kiosk.held_notice")[:4])
    kiosk.is_well_made()
    kiosk.picture("receipt-held-night")


def test_a_note_that_nobody_signed_is_marked_until_the_signed_one_comes(
    hub, terminal, open_kiosk, size, language, tmp_path
):
    number = f"U-{language}-{size[0]}".upper()
    code = f"JG-BEARING!{number}|BOLT-M8X30*60"
    hub.ask("hub", "supplier", "unsigned", "JG-BEARING", "refuse")
    terminal.find_hub()
    terminal.lose_hub()
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, CLERK)
    kiosk.scan(code, "wrong")
    refusal = kiosk.text("problem.receiving.unsigned_not_taken", note=number, supplier="JG-BEARING")
    expect(kiosk.page.locator("#main .feedback p")).to_contain_text(refusal)

    hub.ask("hub", "supplier", "unsigned", "JG-BEARING", "allow")
    terminal.find_hub()
    terminal.lose_hub()

    def one_line(note):
        note["lines"] = [{"line": 1, "material": "BOLT-M8X30", "quantity": "60"}]

    paper = hub.note(number, tmp_path / "note.json", one_line)
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, CLERK)
    kiosk.scan(code, "attention")
    kiosk.at("receipt")
    kiosk.says("kiosk.receipt_unsigned", note=number)
    mark = kiosk.page.locator("[data-mark='unsigned']")
    expect(mark).to_contain_text(kiosk.text("kiosk.unsigned_notice", rule="note-lines"))
    chip = kiosk.page.locator("h1 .chip")
    expect(chip).to_have_text(kiosk.text("kiosk.unsigned"))
    kiosk.picture("receipt-unsigned")
    kiosk.is_well_made()
    kiosk.scan("TM:C:AS-NOTED", "good")
    expect(mark).to_be_visible()
    kiosk.scan("TM:C:HOME", "good")
    expect(kiosk.page.locator("#main")).to_contain_text(kiosk.text("kiosk.unsigned"))
    kiosk.scan(paper, "good")
    kiosk.says("kiosk.receipt_now_signed", note=number)
    expect(mark).to_have_count(0)
    expect(chip).to_have_count(0)
    expect(row(kiosk, 1)).to_contain_text("60")
    kiosk.is_well_made()


def test_all_three_workflows_go_by_touch_alone(hub, terminal, open_kiosk, tmp_path):
    number = "DN-touch"
    # Promised before all that other tests have noted, since home shows the first of them only.
    hub.note(number, tmp_path / "note.json", lambda note: note.update(promisedArrival="2026-11-20T07:00:00Z"))
    terminal.find_hub()
    kiosk = open_kiosk((800, 480), "en")
    field = kiosk.page.get_by_role("textbox")
    field.fill(CLERK)
    kiosk.press("OK", "good")
    kiosk.press(number, "good")
    row(kiosk, 4).click()
    for digit in "45":
        kiosk.press(digit)
    kiosk.press(kiosk.text("kiosk.pad_back"))
    kiosk.press("0")
    kiosk.press("OK", "good")
    expect(row(kiosk, 4)).to_contain_text("40")
    # A second touch of a glove within a blink is no second count.
    row(kiosk, 2).click()
    as_noted = kiosk.page.get_by_role("button", name=kiosk.text("kiosk.as_noted_key"), exact=True)
    as_noted.dblclick()
    kiosk.says("kiosk.counted_as_noted")
    kiosk.page.wait_for_timeout(600)
    expect(row(kiosk, 2)).to_contain_text(kiosk.text("kiosk.even"))

    kiosk.press(kiosk.text("kiosk.home_key"), "good")
    kiosk.press("LAT-01", "attention")
    for _ in range(2):
        kiosk.press("Yes", "good")
        kiosk.page.wait_for_timeout(DOUBLE_PRESS_MS)
    kiosk.press(kiosk.text("kiosk.skip_key"))  # a manual chuck has no pressure
    expect(kiosk.page.locator(".answers")).to_contain_text("In range")
    kiosk.press("In range", "good")
    for digit in "25":
        kiosk.press(digit)
    kiosk.press("OK", "attention")
    kiosk.press("No", "good")
    kiosk.press("Yes", "good")
    kiosk.press(kiosk.text("kiosk.sign_key"), "good")

    kiosk.press(kiosk.text("kiosk.report"), "good")
    kiosk.press("MIL-01", "good")
    kiosk.press("Quality", "good")
    kiosk.press(kiosk.text("kiosk.raise_key"), "good")
    kiosk.at("exception")
    kiosk.is_well_made()


def test_the_page_works_without_scripts(hub, terminal, open_kiosk):
    kiosk = open_kiosk((1280, 800), scripts=False)
    field = kiosk.page.get_by_role("textbox")
    for text in [LINE_WORKER, "TM:C:LANG:EN", "TM:C:REPORT", PLATE + "FLT-01"]:
        field.fill(text)
        field.press("Enter")
    kiosk.language = "en"
    expect(kiosk.page.locator(".step-value")).to_contain_text("FLT-01")
    kiosk.page.get_by_role("button", name="Safety").click()
    kiosk.page.get_by_role("button", name=kiosk.text("kiosk.raise_key")).click()
    kiosk.at("exception")
    assert terminal.unsynced() == 1


@pytest.mark.parametrize("gs", ["F8", "Control+]", "alt", "^]"])
def test_separators_come_through_however_the_scanner_types_them(terminal, open_kiosk, gs):
    kiosk = open_kiosk((1280, 800), "en")
    sign_in(kiosk, CLERK)
    kiosk.page.route("**/scan", lambda route: (seen.append(route.request.post_data_json["text"]), route.continue_()))
    seen = []
    kiosk.scan("]C1" + "10LOT7\x1d3712", "wrong", gs=gs)
    assert seen == ["]C110LOT7\x1d3712"]


def test_an_input_method_does_not_eat_a_scan(terminal, open_kiosk):
    """A Chinese input method takes the keys of the field with the focus: they come as key 229 with
    the place of the key alone, and its candidates are typed into the field."""
    kiosk = open_kiosk((1280, 800), "en")
    kiosk.page.locator("#typed-text").fill("half")
    kiosk.page.locator("#typed-text").focus()
    kiosk.page.evaluate(
        """(badge) => {
            const field = document.getElementById("typed-text");
            field.dispatchEvent(new CompositionEvent("compositionstart"));
            const codes = { T: "KeyT", M: "KeyM", ":": "Semicolon", W: "KeyW", 0: "Digit0", 1: "Digit1" };
            for (const letter of badge) {
                field.dispatchEvent(new KeyboardEvent("keydown", {
                    key: "Process", keyCode: 229, code: codes[letter], isComposing: true, bubbles: true,
                    cancelable: true, shiftKey: letter === ":" || /[A-Z]/.test(letter),
                }));
                field.value += letter.toLowerCase();
            }
            field.dispatchEvent(new KeyboardEvent("keydown", {
                key: "Process", keyCode: 229, code: "Enter", isComposing: true, bubbles: true, cancelable: true,
            }));
        }""",
        CLERK,
    )
    kiosk.at("home")
    expect(kiosk.page.locator("#typed-text")).to_have_value("half")


def test_a_terminal_that_does_not_answer_says_that_nothing_was_saved(terminal, open_kiosk):
    kiosk = open_kiosk((1280, 800), "en")
    sign_in(kiosk, CLERK)
    kiosk.page.route("**/scan", lambda route: route.abort())
    kiosk.page.keyboard.type("TM:C:REPORT", delay=2)
    kiosk.page.keyboard.press("Enter")
    expect(kiosk.page.locator("#main .feedback")).to_contain_text(
        kiosk.text("kiosk.not_saved"), timeout=60_000
    )
    kiosk.page.unroute("**/scan")
    kiosk.scan("TM:C:REPORT", "good")


def test_a_person_can_type_slowly_anywhere(terminal, open_kiosk):
    kiosk = open_kiosk((1280, 800), "en")
    kiosk.page.keyboard.type(CLERK, delay=150)
    expect(kiosk.page.locator("#typed-text")).to_have_value(CLERK)
    kiosk.page.keyboard.press("Enter")
    kiosk.at("home")


def test_a_machine_that_stalls_cuts_no_scan_in_two(terminal, open_kiosk):
    """Keys that come late, twice in one scan: before a scan is known as one, and within it."""
    kiosk = open_kiosk((1280, 800), "en")
    seen = []
    kiosk.page.route("**/scan", lambda route: (seen.append(route.request.post_data_json), route.continue_()))
    kiosk.watch()
    kiosk.page.locator("#typed-text").fill("half")
    kiosk.page.evaluate(
        """async badge => {
            const stalls = { 2: 90, 4: 120, 7: 600 };
            for (const [index, letter] of [...badge].entries()) {
                await new Promise((wake) => setTimeout(wake, stalls[index] || 0));
                const target = document.activeElement || document.body;
                const down = new KeyboardEvent("keydown", { key: letter, bubbles: true, cancelable: true });
                if (target.dispatchEvent(down) && target.id === "typed-text") target.value += letter;
            }
            document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
        }""",
        CLERK,
    )
    kiosk.at("home")
    assert [(scan["text"], scan.get("typed")) for scan in seen] == [(CLERK, "scanner")]
    expect(kiosk.page.locator("#typed-text")).to_have_value("half")


def test_a_page_that_was_busy_cuts_no_scan_in_two(terminal, open_kiosk):
    """The end of the pause comes before the keys that were pressed meanwhile."""
    kiosk = open_kiosk((1280, 800), "en")
    seen = []
    kiosk.page.route("**/scan", lambda route: (seen.append(route.request.post_data_json["text"]), route.continue_()))
    kiosk.scan("no-such-code", "wrong", end=None)  # from now on a short pause ends a scan
    seen.clear()
    kiosk.page.evaluate(
        """badge => new Promise((done) => {
            const type = (text) => { for (const key of text)
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); };
            type(badge.slice(0, 7));
            const until = performance.now() + 300;
            while (performance.now() < until);
            setTimeout(() => { type(badge.slice(7)); done(); }, 20);
        })""",
        CLERK,
    )
    kiosk.at("home")
    assert seen == [CLERK]


def test_a_page_goes_on_when_its_terminal_started_anew(terminal, open_kiosk):
    kiosk = open_kiosk((1280, 800), "en")
    sign_in(kiosk, CLERK)
    for _ in range(6):  # its versions are ahead of those of a new page
        kiosk.scan("NO-SUCH-CODE", "wrong")
    terminal.start_again()
    kiosk.at("sign_in")
    kiosk.scan(CLERK, "good")
    kiosk.at("home")
    kiosk.scan("TM:C:REPORT", "good")
    kiosk.at("report")


@pytest.mark.parametrize("language", ["en"])
def test_a_full_strip_cuts_names_short_and_never_the_page(terminal, open_kiosk, size, language):
    kiosk = open_kiosk(size, language)
    sign_in(kiosk, CLERK)
    for part, words in [
        (".strip-place b", "terminal at the third gate of the northern yard"),
        ("#unsynced", "1,234 unsynced since 28 Nov 23:59"),
        ("#main .feedback p", "W" * 200),
    ]:
        kiosk.page.locator(part).evaluate("(part, words) => (part.textContent = words)", words)
    kiosk.picture("full-strip")
    kiosk.is_well_made()


def test_two_terminals_at_one_address_sign_nobody_out(terminal, another_terminal, open_kiosk):
    """Cookies do not tell ports apart."""
    one = open_kiosk((1280, 800), "zh-CN")
    sign_in(one, CLERK)
    two = one.page.context.new_page()
    two.goto(another_terminal.url)
    other = Kiosk(two, "zh-CN", (1280, 800), None, [])
    sign_in(other, "TM:W:W002")
    one.scan("TM:C:REPORT", "good")
    one.at("report")
    other.scan("TM:C:REPORT", "good")
    other.at("report")


def test_rules_for_suppliers_codes_are_read_anew_and_a_wrong_file_changes_nothing(
    hub, open_kiosk, tmp_path, monkeypatch
):
    folder = tmp_path / "templates" / "CodeRules"
    folder.mkdir(parents=True)
    monkeypatch.setenv("TALLYMAN_TEMPLATES", str(tmp_path / "templates"))
    hub.ask("hub", "supplier", "unsigned", "HD-METAL", "refuse")
    terminal = Terminal(hub, tmp_path / "ruled", f"rules-{next(names)}")
    try:
        rules = lambda: terminal.daemon.health()["codeRules"]
        first = rules()["count"]
        kiosk = open_kiosk((1280, 800), "en", at=terminal)
        sign_in(kiosk, CLERK)
        kiosk.scan("XX~4711", "wrong")
        unknown = kiosk.feedback()
        file = folder / "zz.yaml"

        def write(pattern):
            rule = {"name": "ours", "carrier": "note", "form": "pattern", "supplier": "HD-METAL", "pattern": pattern}
            file.write_text(json.dumps({"rules": [rule]}))

        write("XX~(?<number>[0-9]+)")
        wait(lambda: rules()["count"] == first + 1)
        kiosk.scan("XX~4711", "wrong")
        known = kiosk.feedback()
        assert "HD-METAL" in known and known != unknown
        write("XX~(?<number>[0-9")
        trouble = wait(lambda: rules().get("trouble"))
        assert "ours" in trouble and rules()["count"] == first + 1
        kiosk.scan("XX~4711", "wrong")
        assert kiosk.feedback() == known
        file.unlink()
        wait(lambda: rules()["count"] == first and not rules().get("trouble"))
        kiosk.scan("XX~4711", "wrong")
        assert kiosk.feedback() == unknown
        assert "those from before stay" in terminal.daemon.log.read_text()
    finally:
        terminal.stop()
