// Language switch, sorting, filters, and word of newer releases. Without it the pages are complete.
"use strict";
(function () {
  const root = document.documentElement;

  // Language -----------------------------------------------------------------

  /** 1.234,56 and 1,234.56 are each other's mirror. */
  function mirrored(text) {
    return text.replace(/[.,]/g, (sign) => (sign === "." ? "," : "."));
  }

  let printed = "vi";

  function show(language) {
    root.lang = language;
    if (language !== printed) {
      for (const figure of document.querySelectorAll(".n")) {
        if (figure.firstElementChild === null) {
          figure.textContent = mirrored(figure.textContent);
        }
      }
      for (const worded of document.querySelectorAll("[data-en]")) {
        const other = worded.dataset.en;
        worded.dataset.en = worded.textContent;
        worded.textContent = other;
      }
      printed = language;
    }
  }

  function startLanguage() {
    const button = document.getElementById("language");
    button.hidden = false;
    button.addEventListener("click", () => {
      const language = root.lang === "en" ? "vi" : "en";
      show(language);
      try {
        window.localStorage.setItem("service-index-language", language);
      } catch (refused) {
        // Holds for this page alone.
      }
    });
    show(root.lang);
  }

  // Sorting ------------------------------------------------------------------

  const words = new Intl.Collator("vi", { numeric: true });

  /** The number of a cell as it is printed in the page's language; null where there is none. */
  function numberOf(cell) {
    const figure = cell.matches(".n") ? cell : cell.querySelector(".n") || cell;
    let text = figure.textContent.replace("−", "-").replace(/[%+\s]/g, "");
    text = root.lang === "en" ? text.replace(/,/g, "") : text.replace(/\./g, "").replace(",", ".");
    return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  }

  function visibleText(cell) {
    const other = root.lang === "en" ? ".vi" : ".en";
    const copy = cell.cloneNode(true);
    for (const hidden of copy.querySelectorAll(other)) {
      hidden.remove();
    }
    return copy.textContent.trim();
  }

  /** Sorts the rows by a column; cells without a value stay behind, whichever way it goes. */
  function sortBy(table, heading, index, direction) {
    const body = table.tBodies[0];
    const isNumber = heading.dataset.sort === "number";
    const rows = Array.from(body.rows, (row, place) => {
      const cell = row.cells[index];
      return { row, place, value: isNumber ? numberOf(cell) : visibleText(cell) };
    });
    rows.sort((one, other) => {
      const missing = (one.value === null) - (other.value === null);
      if (missing !== 0 || one.value === null) {
        return missing || one.place - other.place;
      }
      const order = isNumber ? one.value - other.value : words.compare(one.value, other.value);
      return order * direction || one.place - other.place;
    });
    body.append(...rows.map((sorted) => sorted.row));
    for (const each of heading.parentElement.cells) {
      each.removeAttribute("aria-sort");
    }
    heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
  }

  function startSorting(table) {
    Array.from(table.tHead.rows[0].cells).forEach((heading, index) => {
      if (!heading.dataset.sort) {
        return;
      }
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const isAscending = heading.getAttribute("aria-sort") === "ascending";
        sortBy(table, heading, index, isAscending ? -1 : 1);
      });
    });
  }

  // Filters ------------------------------------------------------------------

  /** Without marks and case, so that "pho hien" finds Phố Hiến. */
  function folded(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  }

  function startFilters(form) {
    const field = (name) => form.elements.namedItem(name);
    const rows = Array.from(document.querySelectorAll("main table[data-sortable] tbody tr"), (row) => ({
      row,
      name: folded((row.querySelector("th") || row).textContent),
      section: row.closest("section"),
    }));
    function apply() {
      const text = folded(field("text").value.trim());
      const type = field("type") ? field("type").value : "";
      const band = field("band") ? field("band").value : "";
      const below = field("below") ? field("below").checked : false;
      const shown = new Map();
      let count = 0;
      for (const { row, name, section } of rows) {
        const fits =
          name.includes(text) &&
          (type === "" || section.dataset.type === type) &&
          (band === "" || row.dataset.band === band) &&
          (!below || "below" in row.dataset);
        row.hidden = !fits;
        count += fits;
        shown.set(section, (shown.get(section) || 0) + fits);
      }
      for (const [section, left] of shown) {
        section.hidden = left === 0;
      }
      form.querySelector("[data-count]").textContent = String(count);
    }
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => window.setTimeout(apply));
    apply();
  }

  // Newer releases -----------------------------------------------------------

  function worded(vi, en) {
    return [["vi", vi], ["en", en]].map(([language, text]) => {
      const part = document.createElement("span");
      part.className = language;
      part.textContent = text;
      return part;
    });
  }

  /** One line about this release; `entry` is the release to go to, if any. */
  function announce(kind, vi, en, entry) {
    const line = document.createElement("p");
    line.className = "newer " + kind;
    if (entry && entry.folder) {
      const link = document.createElement("a");
      const pages = window.serviceIndexReleases.pages[entry.pages] || [];
      const page = pages.includes(root.dataset.page) ? root.dataset.page : "index.html";
      link.href = root.dataset.releases + entry.folder + "/site/" + page;
      link.append(...worded(vi, en));
      line.append(link);
    } else {
      line.append(...worded(vi, en));
    }
    document.getElementById("newer").append(line);
  }

  function monthInWords(period) {
    const [year, month] = period.split("-");
    return month + "/" + year;
  }

  function startNews() {
    const known = window.serviceIndexReleases;
    const { release, folder, period } = root.dataset;
    const own = known && known.releases.find((entry) => entry.id === release);
    if (!own) {
      return;
    }
    const current = known.releases.find((entry) => entry.period === period && entry.current);
    if (own.status === "suspended") {
      announce("warn", "Bản này đã tạm ngừng công bố.", "Publication of this release is suspended.");
    } else if (current && current.id !== release) {
      announce(
        "warn",
        "Bản này đã được thay bằng bản " + current.id + ".",
        "Release " + current.id + " has replaced this one.",
        current
      );
    } else if (own.folder && own.folder !== period + "/" + folder) {
      announce(
        "info",
        "Số liệu này nay đã là chính thức.",
        "These figures are final now.",
        own
      );
    }
    const later = known.releases.filter(
      (entry) =>
        entry.kind === "monthly" && entry.current && entry.folder && entry.period > period
    );
    if (later.length > 0) {
      const newest = later.reduce((one, other) => (one.period > other.period ? one : other));
      announce(
        "info",
        "Đã có số liệu tháng " + monthInWords(newest.period) + ".",
        "Figures of " + monthInWords(newest.period) + " are out.",
        newest
      );
    }
  }

  startLanguage();
  document.querySelectorAll("table[data-sortable]").forEach(startSorting);
  document.querySelectorAll("form[data-filters]").forEach(startFilters);
  if (document.getElementById("newer")) {
    startNews();
  }
})();
