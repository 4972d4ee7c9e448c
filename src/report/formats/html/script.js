"use strict";
(() => {
  // ---- light and dark ------------------------------------------------------------------------------------------------
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const remembered = {
    get() { try { return localStorage.getItem("plimsoll-theme"); } catch { return null; } },
    set(value) { try { localStorage.setItem("plimsoll-theme", value); } catch { /* a page from a file may not remember */ } },
  };
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";
  const showTheme = () => {
    theme.setAttribute("aria-pressed", String(isDark()));
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", "Dark colours");
  };
  if (["light", "dark"].includes(remembered.get())) root.dataset.theme = remembered.get();
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remembered.set(root.dataset.theme);
    showTheme();
  });
  systemIsDark.addEventListener("change", showTheme);
  showTheme();

  // ---- tables: search, sort, pages -----------------------------------------------------------------------------------
  const PAGE = 20;
  const PRINTED = 500;
  // no longer texts stay in one line
  const SHORT = 16;
  const SORTED_FROM = 3;
  const SEARCHED_FROM = 8;
  const count = (number) => number.toLocaleString("en");
  const collator = new Intl.Collator("en", { numeric: true });
  const UNITS = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60, min: 60, h: 3600 };

  /** What a cell of numbers is sorted by: its first amount; of durations the sum of their parts. */
  const amount = (text) => {
    let sum = NaN;
    for (const [, digits, unit] of text.replaceAll(",", "").matchAll(/([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]*)/g)) {
      const part = Number(digits) * (UNITS[unit] ?? 1);
      if (Number.isNaN(sum)) sum = part;
      else if (unit === "s" || unit === "min") sum += part;
    }
    return text.startsWith("<") ? sum / 2 : sum;
  };

  /** The columns of a table: of each its values, and for each row the place of its value. */
  const columnsOf = (box, body) => {
    if (box.dataset.source) {
      const data = JSON.parse(document.getElementById(box.dataset.source).textContent);
      return data.columns.map(({ values, rows }) => ({
        values: values.map((value) => (Array.isArray(value) ? value : [value, "plain"])),
        rows: rows ?? values.map((_, row) => row),
      }));
    }
    const rows = [...body.rows];
    return [...(rows[0]?.cells ?? [])].map((_, column) => ({
      values: rows.map((row) => [row.cells[column].textContent, row.cells[column].classList[0] ?? "plain"]),
      rows: rows.map((_, row) => row),
    }));
  };

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const enliven = (box, number) => {
    const table = box.querySelector("table");
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const names = heads.map((head) => head.textContent);
    const isNumber = heads.map((head) => head.classList.contains("number"));
    let columns;
    const load = () => (columns ??= columnsOf(box, body));
    const total = () => load()[0]?.rows.length ?? 0;
    const state = { words: [], column: -1, descending: false, page: 0, size: PAGE };
    let shown = null;

    const text = (column, row) => columns[column].values[columns[column].rows[row]];

    /** For each value of a column its rank; equal texts have equal ranks, and what is no number comes last. */
    const ranks = (column) => {
      const values = columns[column].values;
      return (columns[column].ranks ??= (() => {
        const keys = values.map(([value]) => (isNumber[column] ? amount(value) : value));
        const compare = isNumber[column]
          ? (one, other) => (Number.isNaN(keys[one]) - Number.isNaN(keys[other])) || (keys[one] - keys[other]) || 0
          : (one, other) => collator.compare(keys[one], keys[other]);
        const order = values.map((_, place) => place).sort(compare);
        const found = new Int32Array(values.length);
        order.forEach((place, rank) => {
          found[place] = rank > 0 && compare(order[rank - 1], place) === 0 ? found[order[rank - 1]] : rank;
        });
        return found;
      })());
    };

    /** Which values of each column have a word in them: each value is looked at once, however many rows have it. */
    const matcher = (word) => {
      const no = word.startsWith("-") && word.length > 1;
      const [, name, rest] = /^([^:]+):(.*)$/.exec(no ? word.slice(1) : word) ?? [];
      const named = name ? names.findIndex((each) => each.toLowerCase().startsWith(name)) : -1;
      const wanted = named >= 0 ? rest : no ? word.slice(1) : word;
      const asked = named >= 0 ? [named] : columns.map((_, column) => column);
      const hits = asked.map((column) => [columns[column].rows, columns[column].values.map(([value]) => value.toLowerCase().includes(wanted))]);
      return (row) => hits.some(([rows, found]) => found[rows[row]]) !== no;
    };

    const select = () => {
      load();
      const matchers = state.words.map(matcher);
      const rows = [];
      for (let row = 0; row < total(); row += 1) if (matchers.every((matches) => matches(row))) rows.push(row);
      if (state.column >= 0) {
        const rank = ranks(state.column);
        const places = columns[state.column].rows;
        const way = state.descending ? -1 : 1;
        rows.sort((one, other) => way * (rank[places[one]] - rank[places[other]]) || one - other);
      }
      shown = rows;
    };

    const draw = () => {
      if (!shown) select();
      const first = state.page * PAGE;
      const rows = shown.slice(first, first + state.size);
      body.replaceChildren(...rows.map((row) => element("tr", { role: "row" }, ...columns.map((_, column) => {
        const [value, mood] = text(column, row);
        const cell = element("td", { role: "cell", className: `${mood}${isNumber[column] ? " number" : value.length <= SHORT ? " short" : ""}`, textContent: value });
        cell.dataset.label = names[column];
        return cell;
      }))));
      if (rows.length === 0) {
        body.append(element("tr", {}, element("td", { className: "faint", colSpan: names.length, textContent: "No row has all of these words." })));
      }
      tell();
    };

    const tell = () => {
      const [all, found] = [total(), shown?.length ?? total()];
      const first = state.page * PAGE;
      const last = Math.min(first + PAGE, found);
      const range = found > PAGE ? `${count(first + 1)}–${count(last)} of ${count(found)}` : count(found);
      status.textContent = found === all ? `${range} ${all === 1 ? "row" : "rows"}` : `${range} matching, of ${count(all)} rows`;
      const pages = Math.max(1, Math.ceil(found / PAGE));
      pager.hidden = pages === 1;
      pager.querySelectorAll("button").forEach((button) => {
        const to = Number(button.dataset.step);
        button.disabled = to < 0 ? state.page === 0 : state.page === pages - 1;
      });
    };

    const change = () => {
      state.page = 0;
      shown = null;
      draw();
    };

    const rowsHere = box.dataset.source ? Infinity : body.rows.length;
    if (rowsHere >= SORTED_FROM) heads.forEach((head, column) => {
      const button = element("button", { type: "button", textContent: names[column] });
      button.addEventListener("click", () => {
        const again = state.column === column;
        if (again && state.descending) Object.assign(state, { column: -1, descending: false });
        else Object.assign(state, { column, descending: again });
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        if (state.column >= 0) head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
        change();
      });
      head.replaceChildren(button);
    });

    const status = element("p", { className: "count" });
    status.setAttribute("role", "status");
    const pager = element("div", { className: "pager", hidden: true });
    for (const [label, step] of [["First", -Infinity], ["Previous", -1], ["Next", 1], ["Last", Infinity]]) {
      const button = element("button", { type: "button", textContent: label });
      button.dataset.step = step;
      button.addEventListener("click", () => {
        const pages = Math.ceil(shown.length / PAGE);
        state.page = Math.min(Math.max(state.page + step, 0), pages - 1);
        draw();
      });
      pager.append(button);
    }
    if (rowsHere >= SEARCHED_FROM) {
      const input = element("input", { type: "search", id: `search-${number}`, autocomplete: "off", spellcheck: false });
      input.placeholder = `words, -not, ${names[0].split(" ")[0]}:word`;
      const label = element("label", {}, element("span", { textContent: "Search" }), input);
      label.htmlFor = input.id;
      let waiting = 0;
      input.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          state.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
          change();
        }, total() > 5000 ? 150 : 0);
      });
      box.prepend(element("div", { className: "tools" }, label, status));
      select();
      tell();
    }
    box.append(pager);

    // paper has no next page to ask for: it gets what would be too long for a screen
    addEventListener("beforeprint", () => {
      if (total() <= PAGE) return;
      state.size = PRINTED;
      draw();
    });
    addEventListener("afterprint", () => {
      if (state.size === PAGE) return;
      state.size = PAGE;
      draw();
    });
  };
  document.querySelectorAll(".rows").forEach(enliven);

  // ---- the failure matrix: one stop of the tab key, arrows within -----------------------------------------------------
  document.querySelectorAll("table.matrix").forEach((table) => {
    const section = table.closest("section");
    const detail = section.querySelector(".detail");
    section.querySelector(".hint").hidden = false;
    const rows = [...table.tBodies[0].rows];
    const cell = (row, column) => rows[row]?.cells[column];
    let current = cell(0, 1);
    const describe = (td) => {
      const what = `${td.parentElement.cells[0].textContent}, ${td.dataset.label}`;
      return `${what}: ${td.title || "loses no pod."}`;
    };
    const choose = (td) => {
      current.tabIndex = -1;
      td.tabIndex = 0;
      current = td;
      detail.hidden = false;
      detail.textContent = describe(td);
    };
    rows.forEach((row) => [...row.cells].slice(1).forEach((td) => {
      td.tabIndex = -1;
      td.setAttribute("aria-label", describe(td));
      td.addEventListener("focus", () => choose(td));
      td.addEventListener("click", () => td.focus());
    }));
    if (current) current.tabIndex = 0;
    table.addEventListener("keydown", (event) => {
      const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      if (!step) return;
      // a telephone hides the cells in which nothing happens
      let [row, column] = [current.parentElement.sectionRowIndex, current.cellIndex];
      let next;
      do {
        [row, column] = [row + step[0], column + step[1]];
        next = cell(row, column);
      } while (next && next.cellIndex > 0 && next.getClientRects().length === 0);
      if (next && next.cellIndex > 0) {
        next.focus();
        event.preventDefault();
      }
    });
  });
})();
