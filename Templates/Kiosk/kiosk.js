// The page's script. Without it the page works by touch and typed lines; with it a wedge scanner
// types anywhere, pages change without a reload, and each answer has its own sound.
(() => {
  "use strict";

  const GS = "\u001d";
  // A scanner types a key every few milliseconds; a person does not.
  const PAUSE_MS = 60;
  // Unless a scanner is known to end with nothing it is given time for its last key, so that a busy
  // machine cuts no scan in two.
  const PAUSE_WITH_KEY_MS = 400;
  const HICCUP_MS = 800;
  const BURST_MIN = 6;
  const POLL_MS = 3000;
  const SEND_TRIES = 4;
  const DOUBLE_PRESS_MS = 400;

  const root = document.documentElement;
  root.classList.add("js");

  // ---- day and night ------------------------------------------------------------------------
  const themeKey = "tallyman-theme";
  const stored = (() => { try { return localStorage.getItem(themeKey); } catch { return null; } })();
  const hour = new Date().getHours();
  const dark = hour < 6 || hour >= 20 || matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = stored || (dark ? "night" : "day");

  function turnTheme() {
    root.dataset.theme = root.dataset.theme === "night" ? "day" : "night";
    try { localStorage.setItem(themeKey, root.dataset.theme); } catch { /* kept for this page */ }
  }

  // ---- sound --------------------------------------------------------------------------------
  // Notes as [hertz, start ms, length ms]; shape of the wave tells the four apart even when noisy.
  const tones = {
    good: { wave: "sine", notes: [[880, 0, 90], [1319, 90, 160]] },
    again: { wave: "triangle", notes: [[660, 0, 80], [660, 140, 80]] },
    wrong: { wave: "square", notes: [[196, 0, 220], [147, 240, 380]] },
    attention: { wave: "sawtooth", notes: [[988, 0, 130], [740, 150, 130], [988, 300, 180]] },
  };
  let audio = null;

  function play(tone) {
    const score = tones[tone];
    if (!score || !window.AudioContext) return;
    try {
      audio = audio || new AudioContext();
      if (audio.state === "suspended") audio.resume();
      for (const [hertz, start, length] of score.notes) {
        const oscillator = audio.createOscillator();
        const gain = audio.createGain();
        const from = audio.currentTime + start / 1000;
        oscillator.type = score.wave;
        oscillator.frequency.value = hertz;
        gain.gain.setValueAtTime(0.001, from);
        gain.gain.exponentialRampToValueAtTime(0.35, from + 0.01);
        gain.gain.exponentialRampToValueAtTime(0.001, from + length / 1000);
        oscillator.connect(gain).connect(audio.destination);
        oscillator.start(from);
        oscillator.stop(from + length / 1000 + 0.02);
      }
    } catch { /* no sound on this machine: colour and symbol tell the same */ }
    if (navigator.vibrate) navigator.vibrate(tone === "good" ? 40 : [90, 60, 90]);
  }

  // ---- changing the page --------------------------------------------------------------------
  const field = () => document.getElementById("typed-text");

  function replace(id, html) {
    const shape = document.createElement("template");
    shape.innerHTML = html.trim();
    const old = document.getElementById(id);
    if (old && shape.content.firstElementChild) old.replaceWith(shape.content.firstElementChild);
  }

  /** Names the focused button, so that the focus can go back to it in the new page. */
  function focusName() {
    const active = document.activeElement;
    if (!active || !active.closest("#main, #strip")) return null;
    if (active.dataset.key) return `[data-key="${CSS.escape(active.dataset.key)}"]`;
    if (active.value) return `button[value="${CSS.escape(active.value)}"]`;
    return null;
  }

  function showChosen() {
    const chosen = document.querySelector(".line-chosen");
    if (chosen) chosen.scrollIntoView({ block: "nearest" });
  }

  function show(page) {
    if (page.language !== root.lang) {
      location.reload();
      return;
    }
    const focused = focusName();
    replace("strip", page.strip);
    replace("main", page.main);
    if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
    showChosen();
  }

  function announce(text) {
    document.getElementById("announce").textContent = text;
  }

  function showLost() {
    const main = document.getElementById("main");
    main.querySelector(".feedback")?.remove();
    main.prepend(document.getElementById("lost").content.cloneNode(true));
    announce(main.querySelector(".feedback").textContent);
    play("wrong");
  }

  // ---- sending, one after another -----------------------------------------------------------
  const queue = [];
  let sending = false;
  let counter = 0;
  const pageName = Array.from(crypto.getRandomValues(new Uint32Array(2)), (n) => n.toString(36)).join("");

  function send(path, text) {
    counter += 1;
    queue.push({ path, body: JSON.stringify({ text, request: `${pageName}-${counter}` }) });
    pump();
  }

  async function pump() {
    if (sending) return;
    sending = true;
    document.getElementById("main").setAttribute("aria-busy", "true");
    while (queue.length) {
      const page = await post(queue[0]);
      queue.shift();
      if (!page) {
        // Nothing behind a lost scan is sent: a person looks first.
        queue.length = 0;
        showLost();
        break;
      }
      show(page);
      announce(page.message);
      play(page.tone);
    }
    sending = false;
    document.getElementById("main").removeAttribute("aria-busy");
  }

  /** The same request goes again under the same name, so the terminal takes it once. */
  async function post(message) {
    for (let tries = 0; tries < SEND_TRIES; tries += 1) {
      try {
        const response = await fetch(message.path, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json" },
          body: message.body,
        });
        const page = await response.json();
        if (page.main) return page;
      } catch { /* the terminal may be starting again */ }
      await new Promise((wake) => setTimeout(wake, 250 * 2 ** tries));
    }
    return null;
  }

  // ---- between scans ------------------------------------------------------------------------
  async function poll() {
    try {
      const response = await fetch("/status", { headers: { accept: "application/json" } });
      const status = await response.json();
      if (sending) return;
      replace("strip", status.strip);
      const main = document.getElementById("main");
      if (status.seen !== main.dataset.seen && !burst.text && !field().value) {
        const answer = await fetch("/", { headers: { accept: "application/json" } });
        const page = await answer.json();
        if (!sending && !burst.text) show(page);
      }
    } catch { /* the next scan says so if the terminal is gone */ }
  }

  // ---- the wedge scanner --------------------------------------------------------------------
  // Keys of a US layout by their place, for what an input method keeps from us.
  const shifted = {
    Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^", Digit7: "&",
    Digit8: "*", Digit9: "(", Digit0: ")",
  };
  const places = {
    Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:",
    Quote: "'\"", Comma: ",<", Period: ".>", Slash: "/?", Backquote: "`~", Space: "  ",
  };

  function byPlace(event) {
    const code = event.code || "";
    if (code.startsWith("Key")) return event.shiftKey ? code[3] : code[3].toLowerCase();
    if (code.startsWith("Digit")) return event.shiftKey ? shifted[code] : code[5];
    if (/^Numpad[0-9]$/.test(code)) return code[6];
    const pair = places[code];
    return pair ? pair[event.shiftKey ? 1 : 0] : "";
  }

  const burst = { text: "", first: 0, last: 0, timer: 0, field: null, composed: false };
  let altDigits = null;
  let endsWithKey = true;
  let cutAt = -Infinity;
  // What was taken for a person's typing; a scan that had a hiccup goes on from there.
  let typed = { text: "", first: 0, last: 0 };

  const patience = () => (burst.text.length >= BURST_MIN && endsWithKey
    ? PAUSE_WITH_KEY_MS : PAUSE_MS);

  function forget() {
    clearTimeout(burst.timer);
    burst.text = "";
    burst.field = null;
    burst.composed = false;
  }

  const isFast = () => burst.text.length > 1
    && (burst.last - burst.first) / (burst.text.length - 1) < PAUSE_MS;

  /** What the field held before the burst, without what the scanner typed into it. */
  function takeBack() {
    if (burst.field === null) return;
    const input = field();
    const before = burst.field;
    if (burst.composed) input.blur(); // ends the input method's composition
    input.value = before;
    if (burst.composed) setTimeout(() => { input.value = before; }, 0);
  }

  function finish() {
    const text = burst.text.replaceAll("^]", GS);
    takeBack();
    forget();
    if (text) send("/scan", text);
  }

  function pause() {
    if (burst.text.length >= BURST_MIN && isFast()) {
      endsWithKey = false;
      cutAt = performance.now();
      finish();
      return;
    }
    // A person types: what came so far belongs into the field.
    const text = burst.text;
    const wasInField = burst.field !== null;
    typed = { text: field().value + text, first: burst.first, last: burst.last };
    forget();
    if (text && !wasInField) {
      field().value += text;
      field().focus();
    }
  }

  function add(character, event) {
    const now = event.timeStamp; // when the key was pressed, however late we hear of it
    if (!burst.text) {
      const value = field().value;
      const goesOn = value && value === typed.text && now - typed.last < HICCUP_MS;
      burst.first = goesOn ? typed.first : now;
      burst.text = goesOn ? value : "";
      burst.field = goesOn ? "" : event.target === field() ? value : null;
    }
    burst.text += character;
    burst.last = now;
    burst.composed = burst.composed || event.isComposing || event.keyCode === 229;
    clearTimeout(burst.timer);
    burst.timer = setTimeout(pause, patience());
  }

  /** The character that a key stands for; empty for keys that stand for none. */
  function character(event) {
    if (event.key === "F8" || (event.ctrlKey && (event.key === "]" || event.code === "BracketRight"))) return GS;
    if (event.ctrlKey || event.metaKey || event.altKey) return "";
    if (event.isComposing || event.keyCode === 229 || event.key === "Process") return byPlace(event);
    return event.key.length === 1 ? event.key : "";
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey && /^Numpad[0-9]$/.test(event.code)) {
      altDigits = (altDigits || "") + event.code[6];
      event.preventDefault();
      return;
    }
    const inField = event.target === field();
    if (event.key === "Enter" || event.key === "Tab" || (event.keyCode === 229 && (event.code === "Enter" || event.code === "Tab"))) {
      if (!burst.text && performance.now() - cutAt < PAUSE_WITH_KEY_MS) {
        // The key that the scan before ends with, late: next time it is waited for.
        endsWithKey = true;
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      if (!burst.text || (inField && !isFast())) {
        forget();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      endsWithKey = true;
      finish();
      return;
    }
    const read = character(event);
    if (!read) return;
    const onButton = event.target instanceof HTMLButtonElement;
    if (read === " " && onButton && !burst.text) return;
    add(read, event);
    if (!inField || read === GS) event.preventDefault();
  }, true);

  document.addEventListener("keyup", (event) => {
    if (event.key === "Alt" && altDigits !== null) {
      const code = Number(altDigits);
      altDigits = null;
      event.preventDefault();
      if (code > 0 && code < 127) add(String.fromCharCode(code), event);
    } else if (event.key === " " && burst.text) {
      event.preventDefault();
    }
  }, true);

  // ---- buttons and the typed line -----------------------------------------------------------
  let lastPress = { what: "", at: 0 };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    event.preventDefault();
    if (form.id === "typed") {
      const text = field().value;
      forget();
      field().value = "";
      if (text.trim()) send("/scan", text);
      return;
    }
    const button = event.submitter;
    if (!button) return;
    const path = button.hasAttribute("formaction") ? button.getAttribute("formaction") : "/scan";
    const what = path + button.value;
    const now = performance.now();
    // A glove's second touch of the same key is no second count.
    if (what === lastPress.what && now - lastPress.at < DOUBLE_PRESS_MS) return;
    lastPress = { what, at: now };
    send(path, button.value);
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    if (button.hasAttribute("data-theme-key")) turnTheme();
    const key = button.dataset.key;
    if (key === "back") field().value = field().value.slice(0, -1);
    else if (key) field().value += key;
  });

  document.addEventListener("DOMContentLoaded", () => {
    showChosen();
    setInterval(poll, POLL_MS);
  });
})();
