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
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    name();
  });

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
      return (at) => {
        const place = Math.min(tips.length - 1, Math.floor(at * tips.length));
        return { left: (place + 0.5) / tips.length, width: 0, text: tips[place] };
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
      tip.textContent = found.text;
      tip.hidden = false;
      const x = box.left + found.left * box.width;
      const left = x + 14 + tip.offsetWidth > innerWidth ? x - 14 - tip.offsetWidth : x + 14;
      tip.style.left = Math.max(4, left) + "px";
      tip.style.top = Math.max(4, Math.min(innerHeight - tip.offsetHeight - 4, box.top + down * box.height - tip.offsetHeight - 8)) + "px";
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

  addEventListener("hashchange", turn);
  turn();
})();
