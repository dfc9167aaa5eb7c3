"use strict";
// Ties the player, the timeline and the segment table of each recording together.
for (const section of document.querySelectorAll(".recording[data-duration]")) setUp(section);

function clock(seconds) {
  const whole = Math.floor(Math.max(0, seconds) + 1e-6);
  const pad = (n) => String(n).padStart(2, "0");
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  return h ? h + ":" + pad(m) + ":" + pad(whole % 60) : m + ":" + pad(whole % 60);
}

function setUp(section) {
  const duration = Number(section.dataset.duration);
  const find = (selector) => section.querySelector(selector);
  const audio = find("audio"), seek = find(".seek"), cursor = find(".cursor"), tip = find(".tip");
  const data = JSON.parse(find(".moments").textContent);
  const rows = [...section.querySelectorAll("tr[data-s]")];
  const starts = rows.map((row) => Number(row.dataset.s)), ends = rows.map((row) => Number(row.dataset.e));
  const player = find(".player"), at = find(".at"), now = find(".now");
  let position = 0, current = null;

  function momentAt(t) {
    let low = 0, high = data.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (data.rows[middle][0] <= t + 0.011) low = middle + 1; else high = middle;
    }
    return low - 1;
  }
  function say(t) {
    const moment = data.rows[momentAt(t)];
    if (!moment || moment[1] < t) return "no speech";
    const best = moment[2], words = [];
    for (let k = 0; k < best.length; k += 2) words.push(data.names[best[k]] + " " + best[k + 1] + " %");
    const doubt = moment[3] < 0 ? "" : "; doubt " + (moment[3] < 33 ? "low" : moment[3] < 67 ? "medium" : "high");
    return (moment[4] ? "model abstains (" + words.join(", ") + ")" : words.join(", ")) + doubt;
  }
  function show(t) {
    position = Math.min(Math.max(0, t), duration);
    cursor.style.left = (100 * position) / duration + "%";
    const words = say(position);
    seek.setAttribute("aria-valuenow", position.toFixed(1));
    seek.setAttribute("aria-valuetext", clock(position) + ", " + words);
    if (at) at.textContent = clock(position);
    now.textContent = words;
    const index = starts.findIndex((start, k) => start <= position + 0.01 && position < ends[k] - 0.001);
    if (rows[index] === current) return;
    if (current) current.removeAttribute("aria-current");
    current = rows[index];
    if (current) current.setAttribute("aria-current", "true");
  }
  function go(t) {
    const wanted = Math.min(Math.max(0, t), duration);
    if (audio) audio.currentTime = wanted;
    show(wanted);
  }
  function toggle() {
    if (!audio) return;
    if (audio.paused) play(); else audio.pause();
  }
  function play() {
    if (audio) audio.play().catch(() => {});
  }

  seek.addEventListener("keydown", (event) => {
    const stride = duration > 120 ? 5 : 1, here = momentAt(position);
    const next = data.rows.find((row) => row[0] > position + 0.02);
    const moves = {
      ArrowRight: position + stride, ArrowUp: position + stride,
      ArrowLeft: position - stride, ArrowDown: position - stride,
      Home: 0, End: duration,
      PageDown: next ? next[0] : duration,
      PageUp: here > 0 && position - data.rows[here][0] < 1 ? data.rows[here - 1][0] : here >= 0 ? data.rows[here][0] : 0,
    };
    if (event.key in moves) go(moves[event.key]);
    else if (event.key === " " || event.key === "Enter") toggle();
    else return;
    event.preventDefault();
  });

  const timeOf = (event) => {
    const box = seek.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * duration;
  };
  seek.addEventListener("pointerdown", (event) => {
    seek.setPointerCapture(event.pointerId);
    go(timeOf(event));
  });
  seek.addEventListener("pointermove", (event) => {
    const t = Math.min(Math.max(0, timeOf(event)), duration);
    if (event.buttons) go(t);
    tip.hidden = event.pointerType === "touch";
    tip.textContent = clock(t) + " · " + say(t);
    tip.style.left = Math.min(Math.max(12, (100 * t) / duration), 88) + "%";
  });
  seek.addEventListener("pointerleave", () => { tip.hidden = true; });

  rows.forEach((row, k) => row.addEventListener("click", (event) => {
    go(starts[k]);
    if (event.target.closest("button")) play();
  }));

  if (audio) {
    player.classList.add("live");
    audio.controls = false;
    for (const part of player.querySelectorAll("[hidden]")) part.hidden = false;
    const button = find(".play"), name = button.getAttribute("aria-label").slice(5);
    const follow = () => {
      show(audio.currentTime);
      if (!audio.paused) requestAnimationFrame(follow);
    };
    button.addEventListener("click", toggle);
    find(".speed select").addEventListener("change", (event) => { audio.playbackRate = Number(event.target.value); });
    audio.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      player.classList.add("playing");
      button.setAttribute("aria-label", "Pause " + name);
      follow();
    });
    audio.addEventListener("pause", () => {
      player.classList.remove("playing");
      button.setAttribute("aria-label", "Play " + name);
    });
    for (const kind of ["timeupdate", "seeking", "seeked"]) audio.addEventListener(kind, () => show(audio.currentTime));
    audio.addEventListener("error", () => {
      now.textContent = "This browser cannot play the sound: the file may have moved, or its format is unknown here.";
    });
  }
  show(0);
}

addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.rows")) part.open = true;
});

// Headings of a sortable table: the first click sorts best first, the next worst first; no value stays last.
for (const head of document.querySelectorAll("table.sortable th[data-first]")) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sortBy(head));
}

function sortBy(head) {
  const table = head.closest("table"), first = head.dataset.first, place = head.cellIndex;
  const before = head.getAttribute("aria-sort");
  const start = first === "less" || first === "name" ? "ascending" : "descending";
  const order = !before ? start : before === "ascending" ? "descending" : "ascending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const value = (row) => first === "name" ? row.cells[0].textContent.trim() : row.cells[place] && row.cells[place].dataset.v;
  for (const body of table.tBodies) {
    // of a score that is an error, less is better
    const turned = first === "score" && "falls" in body.dataset ? -1 : 1;
    const sign = turned * (order === "ascending" ? 1 : -1);
    const rows = [...body.rows].filter((row) => !row.classList.contains("corpus"));
    rows.sort((one, other) => {
      const a = value(one), b = value(other);
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
      return sign * (first === "name" ? a.localeCompare(b) : a - b);
    });
    body.append(...rows);
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const name = button.textContent, source = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = name; }, 2000);
  });
}
