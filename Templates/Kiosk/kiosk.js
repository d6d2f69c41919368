// The page's script. Without it the page works by touch and typed lines; with it a wedge scanner
// types anywhere, pages change without a reload, and each answer has its own sound.
(() => {
  "use strict";

  const GS = "\u001d";
  // A scanner types a key every few milliseconds; a person does not.
  const PAUSE_MS = 60;
  // Unless a scanner is known to end with nothing it is given time for its last key, so that a busy
  // machine cuts no scan in two.
  const PAUSE_WITH_KEY_MS = 1500;
  // A time that was up so much too late says nothing: the keys may be as late.
  const LATE_MS = 30;
  const LATE_TRIES = 4;
  const HICCUP_MS = 800;
  const HICCUP_FAST_MS = 5000;
  const LESSON_PAUSE_MS = 400;
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
  // A stop card sounds until somebody silences it, leaves it, or the machine is released.
  const ALARM_EVERY_MS = 1800;
  tones.alarm = { wave: "square", notes: [[932, 0, 420], [622, 440, 420], [932, 880, 420]] };
  let audio = null;
  let silenced = false;

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

  setInterval(() => {
    const sounds = document.querySelector("[data-alarm]") !== null;
    if (!sounds) silenced = false;
    else if (!silenced) play("alarm");
  }, ALARM_EVERY_MS);

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

  const shownVersion = () => Number(document.getElementById("main").dataset.version);
  const shownStart = () => document.getElementById("main").dataset.start;

  /**
   * Shows a page, unless a newer one is shown already; whether it was new. A terminal that started
   * anew, or that signed out a page which nobody used, counts its versions from the beginning.
   */
  function show(page) {
    if (page.language !== root.lang) {
      location.reload();
      return false;
    }
    const isOther = page.start !== shownStart();
    if (!isOther && page.version < shownVersion()) return false;
    const isNew = isOther || page.version > shownVersion();
    const focused = focusName();
    replace("strip", page.strip);
    replace("main", page.main);
    if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
    showChosen();
    return isNew;
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

  function send(path, text, more = {}) {
    counter += 1;
    queue.push({ path, body: JSON.stringify({ text, request: `${pageName}-${counter}`, ...more }) });
    pump();
  }

  // Photos wait their turn among the scans: `photo.js` takes them.
  document.addEventListener("tallyman-photo", (event) => {
    counter += 1;
    const path = `/photo?request=${pageName}-${counter}`;
    queue.push({ path, body: event.detail, type: event.detail.type || "application/octet-stream" });
    pump();
  });

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
      take(page);
      if (queue.length === 0) readScanner();
    }
    sending = false;
    document.getElementById("main").removeAttribute("aria-busy");
  }

  /** Shows the answer to a scan, heard once however often it comes. */
  function take(page) {
    if (!show(page)) return;
    announce(page.message);
    play(page.tone);
  }

  /** The same request goes again under the same name, so the terminal takes it once. */
  async function post(message) {
    for (let tries = 0; tries < SEND_TRIES; tries += 1) {
      try {
        const response = await fetch(message.path, {
          method: "POST",
          headers: { "content-type": message.type || "application/json", accept: "application/json" },
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

  // Scans of devices that the daemon reads: the terminal answers when there is something new.
  async function follow() {
    for (;;) {
      if (document.hidden) {
        await new Promise((wake) => document.addEventListener("visibilitychange", wake, { once: true }));
        continue;
      }
      try {
        const response = await fetch(`/events?version=${shownVersion()}&start=${shownStart()}`);
        if (response.status === 200) {
          const news = await response.json();
          if (news.page) take(news.page);
          else replace("strip", news.strip);
          if (!news.page && teaching()) refresh();
        } else if (response.status === 404) {
          return;
        } else {
          await new Promise((wake) => setTimeout(wake, 2000));
        }
      } catch {
        await new Promise((wake) => setTimeout(wake, 1000));
      }
    }
  }

  /** How devices stand changed while they are shown. */
  async function refresh() {
    const answer = await fetch("/", { headers: { accept: "application/json" } });
    const page = await answer.json();
    if (!sending) show(page);
  }

  // ---- teaching a scanner -------------------------------------------------------------------
  const teaching = () => document.querySelector("[data-teach]") !== null;
  const lesson = { keys: [], timer: 0 };
  // What was taught of the scanner that types here: keys by their places, or nothing.
  let scanner = { keys: null, hasCamera: false };
  let scannerRead = "";

  async function readScanner() {
    const place = document.querySelector("[data-place]")?.dataset.place || "";
    if (scannerRead === place && place !== "devices") return;
    scannerRead = place;
    try {
      const response = await fetch("/devices/scanner");
      if (response.ok) scanner = await response.json();
    } catch { /* read again after the next scan */ }
  }

  function endLesson() {
    clearTimeout(lesson.timer);
    const keys = lesson.keys;
    lesson.keys = [];
    if (keys.length) send("/devices/keys", "", { keys });
  }

  /** A key while the page teaches: taken as it is, for the terminal to find what it means. */
  function learn(event) {
    const ends = event.key === "Enter" || event.key === "Tab";
    if (ends && lesson.keys.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    if (["Shift", "Control", "Alt", "AltGraph", "Meta"].includes(event.key)) return;
    if (lesson.keys.length < 8192) {
      const alternate = event.getModifierState("AltGraph");
      lesson.keys.push({
        key: event.key, code: event.code || "", shift: event.shiftKey,
        control: event.ctrlKey && !alternate, alt: event.altKey && !alternate, alternate,
      });
    }
    clearTimeout(lesson.timer);
    lesson.timer = setTimeout(endLesson, ends ? 60 : LESSON_PAUSE_MS);
  }

  function learnNumber(digits) {
    lesson.keys.push({
      key: "", code: "", shift: false, control: false, alt: true, alternate: false,
      number: Number(digits), digits: digits.length,
    });
    clearTimeout(lesson.timer);
    lesson.timer = setTimeout(endLesson, LESSON_PAUSE_MS);
  }

  // ---- the page's camera --------------------------------------------------------------------
  const cameraKey = "tallyman-camera";
  const CAMERA_PAUSE_MS = 120;
  let film = null;

  function cameraSays(what) {
    const words = document.getElementById("camera-words");
    words.textContent = words.dataset[what] || "";
  }

  function stopCamera() {
    for (const track of film?.getTracks() || []) track.stop();
    film = null;
    document.getElementById("camera").hidden = true;
    try { localStorage.removeItem(cameraKey); } catch { /* asked for again next time */ }
  }

  async function startCamera() {
    const box = document.getElementById("camera");
    box.hidden = false;
    cameraSays("starting");
    try {
      film = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "environment" },
      });
    } catch {
      cameraSays("denied");
      film = null;
      return;
    }
    try { localStorage.setItem(cameraKey, "on"); } catch { /* for this page */ }
    const video = document.getElementById("camera-picture");
    video.srcObject = film;
    await video.play();
    cameraSays("looking");
    watch(video, film);
  }

  /** One picture is under way at a time, and it is the newest that there is. */
  async function watch(video, own) {
    const canvas = document.createElement("canvas");
    while (film === own) {
      await new Promise((wake) => setTimeout(wake, CAMERA_PAUSE_MS));
      if (document.hidden || !video.videoWidth) continue;
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      const picture = await new Promise((take) => canvas.toBlob(take, "image/jpeg", 0.85));
      if (!picture) continue;
      try {
        const response = await fetch("/camera", {
          method: "POST", body: picture,
          headers: { "content-type": "image/jpeg", accept: "application/json" },
        });
        const answer = await response.json();
        if (answer.main) take(answer);
        cameraSays(response.ok ? "looking" : "broken");
      } catch {
        cameraSays("broken");
      }
    }
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

  const burst = { text: "", slow: 0, last: 0, timer: 0, due: 0, late: 0, field: null, composed: false };
  let altDigits = null;
  const endKey = "tallyman-scanner-end";
  let endsWithKey = (() => { try { return localStorage.getItem(endKey) !== "none"; } catch { return true; } })();
  let cutAt = -Infinity;
  // What was taken for a person's typing; a scan that had a hiccup goes on from there.
  let typed = { before: "", text: "", slow: 0, last: 0, isFast: false };

  const patience = () => (burst.text.length >= BURST_MIN && endsWithKey
    ? PAUSE_WITH_KEY_MS : PAUSE_MS);

  /** Whether the scanner ends with a key is known from its scans, and outlasts this page. */
  function learnEnd(hasKey) {
    endsWithKey = hasKey;
    try { localStorage.setItem(endKey, hasKey ? "key" : "none"); } catch { /* learned anew */ }
  }

  function beginPause() {
    clearTimeout(burst.timer);
    burst.due = performance.now() + patience();
    burst.timer = setTimeout(pause, patience());
  }

  function forget() {
    clearTimeout(burst.timer);
    burst.text = "";
    burst.slow = 0;
    burst.late = 0;
    burst.field = null;
    burst.composed = false;
  }

  // A busy machine makes some keys late, a person makes most of them so.
  const isFast = () => burst.text.length > 1 && burst.slow * 2 <= burst.text.length - 1;

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
    // A lesson wants to see what the scanner types; elsewhere its two characters are the separator.
    const text = teaching() ? burst.text : burst.text.replaceAll("^]", GS);
    takeBack();
    forget();
    if (text) send("/scan", text, { typed: "scanner" });
  }

  function pause() {
    if (performance.now() - burst.due > LATE_MS && burst.late < LATE_TRIES) {
      burst.late += 1;
      beginPause();
      return;
    }
    if (burst.text.length >= BURST_MIN && isFast()) {
      learnEnd(false);
      cutAt = performance.now();
      finish();
      return;
    }
    // A person types: what came so far belongs into the field.
    const text = burst.text;
    const wasInField = burst.field !== null;
    typed = {
      before: wasInField ? burst.field : field().value,
      text, slow: burst.slow, last: burst.last, isFast: isFast(),
    };
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
      const wait = typed.isFast ? HICCUP_FAST_MS : HICCUP_MS;
      const goesOn = typed.text && value === typed.before + typed.text && now - typed.last < wait;
      burst.text = goesOn ? typed.text : "";
      burst.slow = goesOn ? typed.slow : 0;
      burst.last = goesOn ? typed.last : now;
      burst.field = goesOn ? typed.before : event.target === field() ? value : null;
    }
    if (burst.text && now - burst.last >= PAUSE_MS) burst.slow += 1;
    burst.text += character;
    burst.last = now;
    burst.composed = burst.composed || event.isComposing || event.keyCode === 229;
    beginPause();
  }

  /** The character that a key stands for; empty for keys that stand for none. */
  function character(event) {
    if (event.key === "F8" || (event.ctrlKey && (event.key === "]" || event.code === "BracketRight"))) return GS;
    if (event.ctrlKey || event.metaKey || event.altKey) return "";
    const places = scanner.keys?.[event.code];
    if (places) return places[event.getModifierState("AltGraph") ? 2 : event.shiftKey ? 1 : 0];
    if (event.isComposing || event.keyCode === 229 || event.key === "Process") return byPlace(event);
    return event.key.length === 1 ? event.key : "";
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey && /^Numpad[0-9]$/.test(event.code)) {
      altDigits = ((altDigits || "") + event.code[6]).slice(0, 7);
      event.preventDefault();
      return;
    }
    if (teaching() && event.target !== field()) {
      learn(event);
      return;
    }
    const inField = event.target === field();
    if (event.key === "Enter" || event.key === "Tab" || (event.keyCode === 229 && (event.code === "Enter" || event.code === "Tab"))) {
      if (!burst.text && performance.now() - cutAt < PAUSE_WITH_KEY_MS) {
        // The key that the scan before ends with, late: next time it is waited for.
        learnEnd(true);
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
      learnEnd(true);
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
      if (teaching()) {
        learnNumber(altDigits);
        altDigits = null;
        event.preventDefault();
        return;
      }
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
    if (button.hasAttribute("data-alarm-off")) silenced = true;
    if (button.hasAttribute("data-camera-key")) {
      if (film) stopCamera();
      else startCamera();
    }
    const key = button.dataset.key;
    if (key === "back") field().value = field().value.slice(0, -1);
    else if (key) field().value += key;
  });

  document.addEventListener("DOMContentLoaded", () => {
    showChosen();
    setInterval(poll, POLL_MS);
    follow();
    readScanner().then(() => {
      const wanted = (() => { try { return localStorage.getItem(cameraKey); } catch { return null; } })();
      if (scanner.hasCamera || wanted) startCamera();
    });
  });
})();
