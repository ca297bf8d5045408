// SPDX-License-Identifier: Apache-2.0
// Makes a table that sorts, filters and groups of the rows that stand in the <noscript>. The rows are cut at lines and
// cells as findings.cpp writes them; their text is escaped already and goes into the page as it is.
(function ($) {
  "use strict";
  const columns = ["No.", "Severity", "Exhibit", "Volume", "Address", "Path and stream", "State", "Size", "Type", "Matches",
    "Rules", "Modified", "Accessed", "Changed", "Created", "MD5", "SHA-1", "SHA-256", "Volume offset",
    "Media offset and length"];
  const NUMBER = 0, SEVERITY = 1, ADDRESS = 4, PATH = 5, STATE = 6, SIZE = 7, TYPE = 8, MATCHES = 9, MODIFIED = 11;
  const shown = [NUMBER, SEVERITY, 2, 3, ADDRESS, PATH, STATE, SIZE, MATCHES, MODIFIED];
  const widths = { 0: "5rem", 1: "5.4rem", 2: "5.4rem", 3: "5rem", 4: "6rem", 5: "20%", 6: "8rem", 7: "6rem", 9: "18%", 11: "10.8rem" };
  const mostPrinted = 1000, mostGroups = 200;
  const section = document.getElementById("findings"), names = document.getElementById("show-names");

  function cutRows() {
    const text = section.querySelector("noscript").textContent;
    const begin = text.indexOf("<tbody>\n") + 8, end = text.lastIndexOf("</tbody>");
    if (end <= begin) return [];
    return text.slice(begin, end - 1).split("\n").map((line) => line.slice(8, -10).split("</td><td>"));
  }
  const name = /<i class="n"><b>.*?<\/b><\/i>/g;
  const withoutNames = (cell) => cell.replace(name, "");
  const namesIn = (cell) => (cell.match(name) || []).join("\n");
  const characters = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  function plain(cell) {
    const text = cell.includes("<") ? cell.replace(/<[^>]*>/g, "") : cell;
    return text.includes("&") ? text.replace(/&(?:lt|gt|quot|#39|amp);/g, (one) => characters[one]) : text;
  }
  function element(tag, text, attributes) {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    for (const name in attributes || {}) made.setAttribute(name, attributes[name]);
    return made;
  }

  // A table that is no wider than its place needs no stop of the Tab key.
  function stopAtWide() {
    for (const wide of document.querySelectorAll(".wide")) wide.tabIndex = wide.scrollWidth > wide.clientWidth ? 0 : -1;
  }
  stopAtWide();
  window.addEventListener("resize", stopAtWide);

  const rows = cutRows();
  const place = document.getElementById("table");
  if (rows.length === 0) return;

  // ---- Filter and groups ----

  let wanted = [], withNames = names.checked, group = -1, chosen = null, groupNames = [];
  // Lower case: what each row says, and the names in it, which are made while nothing else is done; the rest when asked for.
  const texts = rows.map((row) => plain(withoutNames(row.join("\n"))).toLowerCase()), nameTexts = new Array(rows.length);
  const nameTextOf = (index) => nameTexts[index] ??= plain(namesIn(rows[index].join("\n"))).toLowerCase();
  function prepareNames(from) {
    const end = Math.min(rows.length, from + 1000);
    for (let i = from; i < end; ++i) nameTextOf(i);
    if (end < rows.length) setTimeout(prepareNames, 0, end);
  }
  // Asked of every row at every key: no closure, and nothing of the document.
  function holdsWanted(index) {
    const text = texts[index];
    for (const word of wanted) if (!text.includes(word) && !(withNames && nameTextOf(index).includes(word))) return false;
    return true;
  }
  // Records of one category are one group: what stands before ", record".
  const matchesOf = (cell) => cell.includes("; ") ? [...new Set(cell.split("; ").map((part) => part.split(", record ")[0]))].join("; ")
    : cell.split(", record ")[0];
  // The name of each row's group. Few names stand in many rows: each is made once.
  function namesOfGroups() {
    const made = new Map();
    return rows.map((row) => {
      const cell = group === MATCHES ? matchesOf(withoutNames(row[group])) : row[group];
      if (!made.has(cell)) made.set(cell, plain(cell) || "(none)");
      return made.get(cell);
    });
  }
  $.fn.dataTable.ext.search.push(function (settings, data, index) {
    if (chosen !== null && groupNames[index] !== chosen) return false;
    return wanted.length === 0 || holdsWanted(index);
  });

  const tools = element("div", "", { class: "tools", role: "search", "aria-label": "Findings" });
  const filterLabel = element("label", "Filter (all words)"), filter = element("input", "", { type: "search", id: "filter" });
  const groupLabel = element("label", "Group by"), groupBy = element("select", "", { id: "group" });
  groupBy.append(element("option", "nothing", { value: -1 }));
  for (const column of [SEVERITY, 2, 3, STATE, TYPE, MATCHES, 10]) groupBy.append(element("option", columns[column], { value: column }));
  filterLabel.append(filter), groupLabel.append(groupBy), tools.append(filterLabel, groupLabel);
  const groups = element("div", "", { class: "groups", role: "group", "aria-label": "Groups" });
  const tableElement = element("table", "", { id: "rows", "aria-label": "Findings" });
  const detail = element("div", "", { id: "detail", role: "region", "aria-live": "polite", "aria-label": "The finding in full" });
  const hint = "Choose a row (click, or Tab and Enter) to read the finding in full.";
  detail.append(element("p", hint));
  const printed = element("div", "", { id: "print-rows" });
  place.append(tools, groups, tableElement, detail, printed);

  // ---- Table ----

  const isNumber = (column) => column === NUMBER || column === ADDRESS || column === SIZE;
  const table = $(tableElement).DataTable({
    data: rows, deferRender: true, scrollY: "26rem", scrollCollapse: true, scroller: { rowHeight: 34, displayBuffer: 3 }, paging: true,
    autoWidth: false, orderClasses: false, dom: "tiS", order: [[0, "asc"]],
    language: { info: "_START_ to _END_ of _TOTAL_ findings", infoFiltered: "(of _MAX_)", infoEmpty: "no finding", zeroRecords: "No finding holds these words." },
    columns: shown.map((column) => ({
      title: columns[column], searchable: false, width: widths[column], type: isNumber(column) ? "num" : "string",
      className: isNumber(column) ? "num" : "",
      data: (row, kind) => (kind === "sort" || kind === "type") && isNumber(column) ? Number(row[column])
        : column === MATCHES ? matchesOf(row[column]) : column === MODIFIED ? row[column].slice(0, 19) : row[column],
    })),
    createdRow: (line, row) => {
      line.tabIndex = 0;
      line.cells[1].className = "severity-" + row[SEVERITY];
    },
  });
  $(place).find(".dataTables_scrollBody").attr({ tabindex: 0, role: "region", "aria-label": "Rows of findings" });

  function meaning(row) {
    if (row[STATE].includes("placement")) return "These bytes are on the device; that this name belonged to them is not established.";
    return "The bytes of this entry are present on the evidence under this address.";
  }
  function describe(line) {
    const row = table.row(line).data();
    if (!row) return;
    $(place).find("tr.chosen").removeClass("chosen");
    line.classList.add("chosen");
    const facts = element("table", "", { class: "facts", "aria-label": "Finding " + row[0] }), body = element("tbody");
    columns.forEach((column, i) => {
      if (!row[i]) return;
      const fact = element("tr"), value = element("td");
      value.innerHTML = row[i];  // escaped by findings.cpp
      fact.append(element("th", column, { scope: "row" }), value);
      body.append(fact);
    });
    facts.append(body);
    detail.replaceChildren(element("p", "Finding " + row[0] + ". " + meaning(row)), facts);
  }
  $(tableElement).on("click", "tbody tr", function () { describe(this); });
  $(tableElement).on("keydown", "tbody tr", function (event) {
    if (event.key === "Enter" || event.key === " ") event.preventDefault(), describe(this);
    if (event.key === "ArrowDown" && this.nextElementSibling) event.preventDefault(), this.nextElementSibling.focus();
    if (event.key === "ArrowUp" && this.previousElementSibling) event.preventDefault(), this.previousElementSibling.focus();
  });

  // The rows stand in their order already: to sort them again takes longer than to filter them.
  function drawFiltered() {
    const features = table.settings()[0].oFeatures;
    features.bSort = false;
    withNames = names.checked;
    table.draw();
    features.bSort = true;
  }

  function showGroups() {
    groups.replaceChildren();
    chosen = null;
    groupNames = group < 0 ? [] : namesOfGroups();
    const counts = new Map();
    for (const name of groupNames) counts.set(name, (counts.get(name) || 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    for (const [name, count] of sorted.slice(0, mostGroups)) {
      const button = element("button", name + ": " + count.toLocaleString("en"), { type: "button", "aria-pressed": "false" });
      button.addEventListener("click", () => {
        chosen = chosen === name ? null : name;
        for (const other of groups.children) other.setAttribute("aria-pressed", String(other === button && chosen !== null));
        drawFiltered();
      });
      groups.append(button);
    }
    if (sorted.length > mostGroups) groups.append(element("span", "and " + (sorted.length - mostGroups) + " smaller groups"));
  }
  groupBy.addEventListener("change", () => {
    group = Number(groupBy.value);
    showGroups();
    table.order([[Math.max(0, shown.indexOf(group)), "asc"], [0, "asc"]]).draw();
  });
  filter.addEventListener("input", () => {
    wanted = filter.value.toLowerCase().split(" ").filter((word) => word !== "");
    drawFiltered();
  });
  setTimeout(prepareNames, 0, 0);
  names.addEventListener("change", () => { if (wanted.length > 0) drawFiltered(); });

  // ---- Paper: the first rows as they are sorted and filtered now ----

  window.addEventListener("beforeprint", () => {
    const found = table.rows({ search: "applied", order: "applied" }).data();
    const cells = (row) => [row[NUMBER], row[SEVERITY], [row[2], row[3], "address " + row[ADDRESS]].join(", ") + "<br>" + row[PATH],
      row[STATE] + "<br>" + row[SIZE] + " bytes<br>" + row[MODIFIED].slice(0, 19), row[MATCHES], "<code>" + row[15] + "</code>"];
    const titles = ["No.", "Severity", "Where", "State, size, modified", "Matches", "MD5"];
    printed.innerHTML = "<table class=\"rows\"><thead><tr>" + titles.map((title) => "<th>" + title + "</th>").join("") + "</tr></thead><tbody>" +
      found.toArray().slice(0, mostPrinted).map((row) => "<tr><td>" + cells(row).join("</td><td>") + "</td></tr>").join("") + "</tbody></table>";
    if (found.length > mostPrinted)
      printed.append(element("p", "The first " + mostPrinted + " of " + found.length + " findings. All of them: findings.jsonl or findings.csv."));
  });
  window.addEventListener("afterprint", () => printed.replaceChildren());
})(jQuery);
