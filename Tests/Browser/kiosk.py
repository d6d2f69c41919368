"""The terminal's page as a worker has it: a wedge scanner that types, eyes, and a finger."""

import json
import re
import time

from playwright.sync_api import expect

from plant import TEMPLATES



def strings(language):
    """The table of strings of a language: sections of `  key: "text"`."""
    table, section = {}, None
    for line in (TEMPLATES / "Strings" / f"{language}.yaml").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        key, _, value = line.strip().partition(":")
        if value:
            table[section][key.strip('"')] = json.loads(value)
        else:
            section = key
            table[section] = {}
    return table


TEXTS = {language: strings(language) for language in ["zh-CN", "en"]}


class Kiosk:
    def __init__(self, page, language, size, pictures, complaints):
        self.page = page
        self.language = language
        self.size = size
        self.pictures = pictures
        self.complaints = complaints
        self.pictured = 0

    def text(self, key, **facts):
        section, name = key.split(".", 1)
        return TEXTS[self.language][section][name].format(**facts)

    # What a scanner does

    def scan(self, text, tone, end="Enter", gs="F8"):
        """Types a code as a wedge scanner does, and waits for the answer of that tone."""
        before = self.page.evaluate("window.answers = (window.answers || 0)")
        self.watch()
        for part in re.split("(\x1d)", text):
            if part == "\x1d":
                self.type_gs(gs)
            elif part:
                self.page.keyboard.type(part, delay=2)
        if end:
            self.page.keyboard.press(end)
        self.answered(before, tone)

    def scanned(self, send, tone):
        """Lets a device of the daemon send something; answers how long the page took, in seconds."""
        before = self.page.evaluate("window.answers = (window.answers || 0)")
        self.watch()
        begun = time.monotonic()
        send()
        self.answered(before, tone)
        return time.monotonic() - begun

    def type_gs(self, how):
        if how == "alt":
            self.page.keyboard.down("Alt")
            for digit in "029":
                self.page.keyboard.press(f"Numpad{digit}")
            self.page.keyboard.up("Alt")
        elif how == "^]":
            self.page.keyboard.type("^]", delay=2)
        else:
            self.page.keyboard.press(how)

    def watch(self):
        """Counts the answers that are painted: a page that is painted again is none."""
        self.page.evaluate(
            """() => {
                if (window.watching) return;
                window.watching = true;
                const state = (main) => main.dataset.start + "/" + main.dataset.version;
                let shown = state(document.getElementById("main"));
                new MutationObserver((changes) => {
                    for (const change of changes) for (const node of change.addedNodes) {
                        if (node.id !== "main" || state(node) === shown) continue;
                        shown = state(node);
                        window.answers += 1;
                    }
                }).observe(document.body, { childList: true });
            }"""
        )

    def answered(self, before, tone):
        try:
            self.page.wait_for_function(
                "before => window.answers === undefined || window.answers > before", arg=before
            )
        except Exception as error:
            raise AssertionError(f"no answer; the page shows: {self.feedback()}") from error
        feedback = self.page.locator("#main .feedback")
        shown = feedback.get_attribute("data-tone")
        assert shown == tone, f"{shown} instead of {tone}: {self.feedback()}"
        # Colour, symbol and spoken word tell the tone, each by itself.
        expect(feedback.locator("use")).to_have_attribute("href", f"#mark-{tone}")
        expect(feedback.locator(".spoken")).to_contain_text(self.text(f"tone.{tone}"))

    # What a finger does

    def press(self, text, tone=None):
        before = self.page.evaluate("window.answers = (window.answers || 0)")
        self.watch()
        # Short captions are parts of longer ones.
        self.page.get_by_role("button", name=text, exact=len(text) < 5).first.click()
        if tone:
            self.answered(before, tone)

    # What eyes see

    def feedback(self):
        found = self.page.locator("#main .feedback p")
        return found.inner_text() if found.count() else ""

    def says(self, key, **facts):
        expect(self.page.locator("#main .feedback p")).to_contain_text(self.text(key, **facts))

    def at(self, place):
        expect(self.page.locator(f"#main [data-place='{place}']")).to_be_visible()

    def picture(self, name):
        if not self.pictures:
            return
        self.pictured += 1
        width, height = self.size
        file = f"{name}-{self.language}-{width}x{height}.png"
        self.page.wait_for_timeout(250)  # until the band has arrived
        self.page.screenshot(path=self.pictures / file)

    def is_well_made(self, millimetres=15):
        """Contrast of every text, size of every target, and nothing wider than the screen."""
        assert self.complaints == [], self.complaints
        width, _ = self.size
        # A ten-inch screen of 16:10 (or 5:3) is 217 mm wide.
        least = millimetres * width / 217
        small = self.page.evaluate(SMALL_TARGETS, least - 0.5)
        assert small == [], f"smaller than {least:.0f} px: {small}"
        faint = self.page.evaluate(FAINT_TEXTS)
        assert faint == [], f"contrast under 7:1: {faint}"
        wide = self.page.evaluate(WIDE_PARTS, width)
        assert wide == [], f"wider than the screen: {wide}"


WIDE_PARTS = """width => document.documentElement.scrollWidth <= width ? [] :
    [["the page", document.documentElement.scrollWidth]].concat(
        [...document.querySelectorAll("body *")]
            .map(part => [part, part.getBoundingClientRect()])
            .filter(([, box]) => box.right > width || box.left < 0)
            .map(([part, box]) => [part.outerHTML.slice(0, 120), box.left, box.right]))"""

SMALL_TARGETS = """least => [...document.querySelectorAll("button, input[type=text]")]
    .filter(target => target.getClientRects().length)
    .map(target => [target.textContent.trim().slice(0, 20), target.getBoundingClientRect()])
    .filter(([, box]) => box.height < least || box.width < least)
    .map(([text, box]) => [text, Math.round(box.width), Math.round(box.height)])"""

# WCAG 2.2, 1.4.6: relative luminance of a text's colour and of the colour behind it.
FAINT_TEXTS = """() => {
    const parse = (css) => css.match(/[0-9.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const faint = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        const text = walk.currentNode.textContent.trim();
        if (!text || !element.getClientRects().length || element.closest(".spoken, script, template, svg")) continue;
        const [one, two] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
        const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        if (contrast < 7) faint.push([text.slice(0, 30), contrast.toFixed(2)]);
    }
    return faint;
}"""
