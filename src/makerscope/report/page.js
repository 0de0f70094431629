// What a reader may do with the report: turn pages, find one, sort a table, read a chart out, choose light or dark.
// Everything is there without this script; it only hides, orders and reads out.
(() => {
  "use strict";
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const make = (name, kind, text = "") => Object.assign(document.createElement(name), { className: kind, textContent: text });
  const root = document.documentElement;
  root.classList.add("js");

  // pages
  const pages = all("article.page");
  const links = all("nav a");
  const hide = "onbeforematch" in document.body ? "until-found" : "";
  const show = (page) => {
    for (const other of pages) {
      if (other === page) other.removeAttribute("hidden");
      else other.setAttribute("hidden", hide);
    }
    for (const link of links) {
      if (link.hash === "#" + page.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const group = links.find((link) => link.hasAttribute("aria-current"))?.closest("details");
    if (group) group.open = true;
    document.title = page.querySelector("h1").textContent + " · " + title;
  };
  const title = document.title;
  const turn = () => {
    const page = one(decodeURIComponent(location.hash.slice(1))) || pages[0];
    if (!page) return;
    show(page.closest("article.page") || pages[0]);
    if (!page.matches("article.page")) page.scrollIntoView();
    else scrollTo(0, 0);
    menu(false);
  };
  for (const page of pages) page.addEventListener("beforematch", () => show(page));

  // navigation
  const nav = document.querySelector("nav");
  const button = one("_menu");
  const menu = (open) => {
    nav.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.hidden = false;
  button.addEventListener("click", () => menu(!nav.classList.contains("open")));
  const search = one("_search");
  search.hidden = pages.length < 2;
  const find = () => {
    const want = search.value.trim().toLowerCase();
    let found = 0;
    for (const link of links) {
      const hit = link.textContent.toLowerCase().includes(want);
      link.parentElement.hidden = !hit;
      found += hit;
    }
    for (const group of all("nav details")) if (want) group.open = true;
    one("_none").hidden = found > 0;
  };
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") search.value = "";
    const hit = event.key === "Enter" && links.find((link) => !link.parentElement.hidden);
    if (hit) location.hash = hit.hash;
    find();
  });

  // light and dark
  const theme = one("_theme");
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => (theme.textContent = dark() ? "Light" : "Dark");
  theme.hidden = false;
  name();
  const drawn = []; // canvases, which do not change their colours by themselves
  const recolour = () => {
    name();
    for (const draw of drawn) draw(true);
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    recolour();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

  // tables
  for (const table of all("table")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const limit = Number(table.dataset.limit || 0);
    let whole = !limit;
    let want = "";
    const trim = () => {
      let seen = 0;
      for (const row of body.rows) {
        const hit = !want || row.textContent.toLowerCase().includes(want);
        row.hidden = !hit || (!whole && !want && seen >= limit);
        seen += hit;
      }
    };
    if (limit) {
      const foot = make("div", "more");
      const more = make("button", "", `Show all ${rows.length}`);
      more.type = "button";
      const input = Object.assign(make("input", ""), { type: "search", placeholder: "Filter rows" });
      input.setAttribute("aria-label", "Filter rows");
      more.addEventListener("click", () => {
        whole = !whole;
        more.textContent = whole ? `Show the first ${limit}` : `Show all ${rows.length}`;
        trim();
      });
      input.addEventListener("input", () => {
        want = input.value.trim().toLowerCase();
        trim();
      });
      foot.append(more, input);
      table.parentElement.after(foot);
      trim();
    }
    const heads = all("th[data-sort]", table);
    for (const head of heads) {
      const press = make("button", "", head.textContent);
      head.replaceChildren(press);
      press.type = "button";
      press.addEventListener("click", () => {
        const at = head.cellIndex;
        const numbers = rows.some((row) => row.cells[at].dataset.v !== undefined);
        const first = numbers ? "descending" : "ascending";
        const order = head.getAttribute("aria-sort") === first ? (numbers ? "ascending" : "descending") : first;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const key = (row) => (numbers ? row.cells[at].dataset.v : row.cells[at].textContent);
        const ranked = rows.map((row) => [row, key(row)]).sort(([, a], [, b]) => {
          if (a === undefined || b === undefined) return (a === undefined) - (b === undefined); // the unknown is last
          return sign * (numbers ? a - b : a.localeCompare(b, "en", { numeric: true }));
        });
        body.append(...ranked.map(([row]) => row));
        trim();
      });
    }
  }

  // charts
  const tip = one("_tip");
  const tell = (words, x, y) => {
    tip.textContent = words;
    tip.hidden = false;
    const left = x + 14 + tip.offsetWidth > innerWidth ? x - 14 - tip.offsetWidth : x + 14;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = Math.max(4, Math.min(innerHeight - tip.offsetHeight - 4, y - tip.offsetHeight - 8)) + "px";
  };
  const round = (value, of) => {
    if (value === 0) return "0";
    const places = Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(of || Math.abs(value)))));
    const size = Math.abs(value);
    const text = size >= 1e15 || size < 1e-6 ? size.toExponential(2) : size.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
    return (value < 0 && /[1-9]/.test(text) ? "\u2212" : "") + text;
  };
  const moment = (ms, step) => new Date(ms).toISOString().replace("T", " ").slice(0, step < 1000 ? 23 : step < 60000 ? 19 : 16) + " UTC";
  const parse = (path) => {
    // runs of [x, y] from M, m, l, h, v in relative coordinates
    const runs = [];
    let x = 0, y = 0;
    for (const [, letter, rest] of path.getAttribute("d").matchAll(/([Mmlhv])([^Mmlhvz]*)/g)) {
      const of = (rest.match(/-?(?:\d+\.?\d*|\.\d+)/g) || []).map(Number);
      if (letter === "M") [x, y] = of;
      else if (letter === "h") x += of[0];
      else if (letter === "v") y += of[0];
      else { x += of[0]; y += of[1]; }
      if (letter === "M" || letter === "m") runs.push([]);
      runs[runs.length - 1].push([x, y]);
    }
    return runs;
  };
  const near = (runs, x, step) => {
    for (const run of runs) {
      if (x < run[0][0] - 4 || x > run[run.length - 1][0] + 4) continue;
      let best = run[0];
      for (const point of run) {
        if (step ? point[0] <= x : Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
      }
      return best;
    }
    return null;
  };
  const readers = {
    lines(plot) {
      const set = plot.dataset;
      const names = set.names.split("\n");
      const low = Number(set.low), high = Number(set.high), start = Number(set.start), end = Number(set.end);
      const tall = plot.querySelector("svg").viewBox.baseVal.height;
      const series = names.map((_, index) => all(`path[data-i="${index}"]`, plot));
      const runs = series.map((paths) => paths.flatMap(parse));
      const steps = series.map((paths) => paths.some((path) => path.dataset.step === "1"));
      return (at) => {
        const out = [moment(start + at * (end - start), (end - start) / 400)];
        names.forEach((name, index) => {
          const point = near(runs[index], at * 800, steps[index]);
          const value = point && low + (1 - point[1] / tall) * (high - low);
          out.push(`${name}: ${point ? round(value, (high - low) / 10) : "\u2014"}`);
        });
        return { left: at, width: 0, text: out.join("\n") };
      };
    },
    places(plot) {
      const tips = JSON.parse(plot.dataset.tips);
      const ats = plot.dataset.at?.split(",").map(Number) ?? tips.map((_, place) => (place + 0.5) / tips.length);
      return (at) => {
        const place = ats.reduce((best, left, index) => (Math.abs(left - at) < Math.abs(ats[best] - at) ? index : best), 0);
        return { left: ats[place], width: 0, text: tips[place] };
      };
    },
    heat(plot) {
      const set = plot.dataset;
      const columns = Number(set.columns), values = set.values.split(",");
      const x = set.x && JSON.parse(set.x), y = JSON.parse(set.y);
      return (at, down) => {
        const column = Math.min(columns - 1, Math.floor(at * columns));
        const row = Math.min(y.length - 1, Math.max(0, Math.floor(down * y.length)));
        const raw = values[row * columns + column];
        const when = x ? x[column] : moment(Number(set.start) + column * Number(set.width), Number(set.width));
        const value = raw === "" ? "not measured" : set.share ? round(Number(raw), 10) + "%" : round(Number(raw)) + (set.unit ? " " + set.unit : "");
        return { left: column / columns, width: 1 / columns, top: row / y.length, height: 1 / y.length, text: [y[row], when, value].filter(Boolean).join("\n") };
      };
    },
  };
  for (const plot of all(".plot")) {
    let read = null;
    let mark = null;
    let place = 0.5;
    const off = () => {
      tip.hidden = true;
      mark?.remove();
      mark = null;
    };
    const on = (at, down, box) => {
      read ||= readers[plot.dataset.kind](plot);
      const found = read(at, down);
      if (!mark) plot.append((mark = make("i", found.width ? "cell" : "cross")));
      mark.style.left = 100 * found.left + "%";
      if (found.width) {
        mark.style.width = 100 * found.width + "%";
        mark.style.top = 100 * found.top + "%";
        mark.style.height = 100 * found.height + "%";
      }
      tell(found.text, box.left + found.left * box.width, box.top + down * box.height);
    };
    const point = (event) => {
      const box = plot.getBoundingClientRect();
      place = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
      on(place, (event.clientY - box.top) / box.height, box);
    };
    plot.addEventListener("pointermove", point);
    plot.addEventListener("pointerdown", point);
    plot.addEventListener("pointerleave", off);
    plot.addEventListener("blur", off);
    plot.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      place = Math.max(0, Math.min(1, place + (event.key === "ArrowLeft" ? -1 : 1) / Number(plot.dataset.columns || 60)));
      on(place, 0.5, plot.getBoundingClientRect());
    });
  }

  // surfaces: a canvas that turns, over the still picture that print keeps
  const probe = make("i", "probe");
  document.body.append(probe);
  const colour = (kind, value = "var(--c)") => {
    probe.className = kind;
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  for (const solid of all(".solid")) {
    const { box, view, x, y, z, spots, ticks, ends, names, xt, yt } = JSON.parse(solid.dataset.surface);
    const canvas = make("canvas", "");
    const pen = canvas.getContext("2d");
    if (!pen) continue;
    solid.append(canvas);
    solid.classList.add("live");
    solid.after(make("p", "hint", "Drag, or use the arrow keys, to turn it; with Shift they read out its points."));
    let [yaw, pitch] = view;
    let paint = null, points = [], hot = null, asked = 0;
    const draw = () => {
      asked = 0;
      const wide = canvas.clientWidth, tall = canvas.clientHeight, dots = devicePixelRatio || 1;
      if (!wide || !tall) return;
      paint ||= {
        tiles: ticks && Array.from({ length: 9 }, (_, step) => colour("h" + step)), spot: colour("s1"),
        ...Object.fromEntries(["ink", "soft", "line", "strong", "card"].map((key) => [key, colour("", `var(--${key})`)])),
      };
      canvas.width = wide * dots;
      canvas.height = tall * dots;
      pen.setTransform(dots, 0, 0, dots, 0, 0);
      pen.font = `11.5px ${getComputedStyle(solid).fontFamily}`;
      pen.lineJoin = "round";
      const [sx, cx, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
      const reach = Math.hypot(box[0], box[1]);
      const room = Math.max(...ticks.flat().map(([, words]) => pen.measureText(words).width)) + 22;
      const scale = Math.min((wide - 2 * room) / 2 / reach, (tall - 60) / 2 / (reach * sp + box[2] * cp));
      const at = (a, b, c) => {
        const [u, v, w] = [(2 * a - 1) * box[0], (2 * b - 1) * box[1], (2 * c - 1) * box[2]];
        return [wide / 2 + scale * (u * cx - v * sx), tall / 2 - 8 - scale * (w * cp + (u * sx + v * cx) * sp)];
      };
      const line = (stroke, width, lines, fill) => {
        pen.beginPath();
        for (const run of lines) run.forEach((point, index) => pen[index ? "lineTo" : "moveTo"](...point));
        if (fill) { pen.closePath(); pen.fillStyle = fill; pen.fill(); }
        pen.strokeStyle = stroke;
        pen.lineWidth = width;
        pen.stroke();
      };
      const dot = ([left, top], size, fill) => {
        pen.beginPath();
        pen.arc(left, top, size, 0, 7);
        pen.fillStyle = fill;
        pen.fill();
      };
      const farX = sx > 0 ? 1 : 0, farY = cx > 0 ? 1 : 0; // the walls behind
      line(paint.line, 1, [
        ...ticks[0].map(([t]) => [at(t, 1 - farY, 0), at(t, farY, 0), at(t, farY, 1)]),
        ...ticks[1].map(([t]) => [at(1 - farX, t, 0), at(farX, t, 0), at(farX, t, 1)]),
        ...ticks[2].map(([t]) => [at(1 - farX, farY, t), at(farX, farY, t), at(farX, 1 - farY, t)]),
      ]);
      const rim = (c) => [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]].map(([a, b]) => at(a, b, c));
      line(paint.strong, 1, [rim(0), ...[[farX, farY], [1 - farX, farY], [farX, 1 - farY]].map(([a, b]) => [at(a, b, 0), at(a, b, 1)])]);
      line(paint.strong, 1, [[at(1 - farX, farY, 1), at(farX, farY, 1), at(farX, 1 - farY, 1)]]);
      points = [];
      const grid = y.map((b, j) => x.map((a, i) => (z[j][i] === null ? null : at(a, b, z[j][i]))));
      const order = (size, far) => Array.from({ length: size }, (_, index) => (far ? size - 1 - index : index));
      const tile = (i, j) => [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(([a, b]) => grid[b]?.[a]);
      const value = (c) => ends[2][0] + c * (ends[2][1] - ends[2][0]);
      for (const i of order(x.length, farX)) for (const j of order(y.length, farY)) {
        const here = grid[j][i];
        if (here) points.push({ at: here, i, j, text: [`${names[1]} ${yt[j]}`, `${names[0]} ${xt[i]}`, `${round(value(z[j][i]))} ${names[2]}`].join("\n") });
        const corners = tile(i, j);
        if (corners.every(Boolean)) {
          const mean = (z[j][i] + z[j][i + 1] + z[j + 1][i + 1] + z[j + 1][i]) / 4;
          line(paint.card, 0.6, [corners], paint.tiles[Math.round(8 * mean)]);
        }
        const whole = [[i, j], [i, j - 1], [i - 1, j]].map(([a, b]) => tile(a, b).every(Boolean));
        const loose = [[corners[1], whole[1]], [corners[3], whole[2]]].filter(([other, drawn]) => other && !drawn && !whole[0]);
        if (here && loose.length) line(paint.tiles[8], 1, loose.map(([other]) => [here, other]));
        else if (here && ![corners[1], corners[3], grid[j][i - 1], grid[j - 1]?.[i]].some(Boolean)) dot(here, 2, paint.tiles[8]);
      }
      for (const [a, b, c, under] of spots) {
        const place = at(a, b, c);
        if (under !== null) line(paint.spot, 1, [[place, at(a, b, under)]]);
        dot(place, wide < 430 ? 1.5 : 2, paint.spot);
        const [left, along, up] = [a, b, c].map((part, axis) => round(ends[axis][0] + part * (ends[axis][1] - ends[axis][0])));
        points.push({ at: place, text: [`${names[1]} ${yt[y.indexOf(b)] ?? along}`, `${names[0]} ${left}`, `quoted ${up} ${names[2]}`].join("\n") });
      }
      const taken = [];
      const write = (words, place, from, away, ink) => {
        // pushed away from the middle of the floor; what would touch another is left out
        const [right, down] = [place[0] - from[0], place[1] - from[1]];
        const size = Math.hypot(right, down) || 1;
        const width = pen.measureText(words).width;
        const left = place[0] + (away * right) / size - (right < 0 ? width : 0), top = Math.min(tall - 6, place[1] + (away * down) / size);
        const edge = Math.max(1, Math.min(wide - width - 1, left));
        if (!words || taken.some(([l, t, r]) => edge < r + 6 && l < edge + width + 6 && Math.abs(t - top) < 13)) return;
        taken.push([edge, top, edge + width]);
        pen.fillStyle = ink;
        pen.fillText(words, edge, top + 4);
      };
      const middle = at(0.5, 0.5, 0);
      write(names[0], at(0.5, 1 - farY, 0), middle, room + 6, paint.ink);
      write(names[1], at(1 - farX, 0.5, 0), middle, room + 6, paint.ink);
      const corner = [[1 - farX, farY], [farX, 1 - farY]].reduce((a, b) => (at(...a, 0)[0] < at(...b, 0)[0] ? a : b));
      for (const [t, words] of ticks[2]) write(words, at(...corner, t), [wide, at(...corner, t)[1]], 7, paint.soft);
      for (const [t, words] of ticks[0]) write(words, at(t, 1 - farY, 0), at(t, 0.5, 0), 13, paint.soft);
      for (const [t, words] of ticks[1]) write(words, at(1 - farX, t, 0), at(0.5, t, 0), 13, paint.soft);
      if (hot) {
        pen.beginPath();
        pen.arc(...points.find((point) => point.text === hot).at, 4.5, 0, 7);
        pen.strokeStyle = paint.ink;
        pen.lineWidth = 1.6;
        pen.stroke();
      }
    };
    const ask = (fresh) => {
      if (fresh) paint = null;
      asked ||= requestAnimationFrame(draw);
    };
    drawn.push(ask);
    new ResizeObserver(() => ask()).observe(solid);
    const show = (point) => {
      hot = point?.text ?? null;
      ask();
      if (!point) return void (tip.hidden = true);
      const edge = canvas.getBoundingClientRect();
      tell(point.text, edge.left + point.at[0], edge.top + point.at[1]);
    };
    const turnBy = (right, down) => {
      yaw += right;
      pitch = Math.max(0.08, Math.min(1.45, pitch + down));
      show(null);
    };
    const home = () => {
      [yaw, pitch] = view;
      show(null);
    };
    let held = null;
    solid.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      held = [event.clientX, event.clientY];
      solid.setPointerCapture(event.pointerId);
    });
    solid.addEventListener("pointermove", (event) => {
      if (held) {
        turnBy((event.clientX - held[0]) / 110, (event.clientY - held[1]) / 110);
        held = [event.clientX, event.clientY];
        return;
      }
      const edge = canvas.getBoundingClientRect();
      const far = (point) => Math.hypot(point.at[0] - event.clientX + edge.left, point.at[1] - event.clientY + edge.top);
      const best = points.reduce((a, b) => (a && far(a) < far(b) ? a : b), null); // of equals the one in front
      show(best && far(best) < 40 ? best : null);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) solid.addEventListener(end, () => (held = null));
    for (const end of ["pointerleave", "blur"]) solid.addEventListener(end, () => held || show(null));
    solid.addEventListener("dblclick", home);
    solid.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (event.key === "Home") home();
      else if (!step) return;
      else if (!event.shiftKey) turnBy(step[0] / 10, -step[1] / 10);
      else {
        const known = points.filter((point) => point.i !== undefined);
        const now = known.find((point) => point.text === hot) ?? { i: x.length >> 1, j: y.length >> 1 };
        const ahead = known.filter((point) => (step[0] ? point.j === now.j && (point.i - now.i) * step[0] > 0 : point.i === now.i && (point.j - now.j) * step[1] > 0));
        const near = ahead.sort((a, b) => Math.abs(a.i - now.i) + Math.abs(a.j - now.j) - Math.abs(b.i - now.i) - Math.abs(b.j - now.j))[0];
        if (near) show(near);
      }
      event.preventDefault();
    });
  }

  addEventListener("hashchange", turn);
  turn();
})();
