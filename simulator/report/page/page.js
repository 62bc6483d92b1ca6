"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#aa4499", "#56b4e9", "#e69f00", "#222222", "#8c8c8c"];
const MARK_OF = { s: "square", "^": "triangle-up", X: "x", D: "diamond", v: "triangle-down", o: "circle", P: "cross", p: "pentagon" };
const MARKS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon"];

// The table: a click on a heading sorts by it, a second one the other way round; what has no figure stays at the end.
const table = document.querySelector("#figures table");
const heads = [...table.querySelectorAll("thead th")];
function sortBy(head, way) {
  const place = heads.indexOf(head);
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
  const key = (row) => {
    const cell = row.children[place];
    return cell.dataset.value === undefined ? cell.textContent : cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const order = (one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    return way * (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
}
const otherWay = (head) => (head.getAttribute("aria-sort") === "ascending" ? -1 : 1);
heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sortBy(head, otherWay(head))));

// On a narrow screen rows are cards, which have no headings: those are chosen from a list, and a card of many unfolds.
const sort = at("sort");
sort.append(new Option("as they ran", ""), ...heads.map((head, place) => new Option(head.textContent, place)));
sort.addEventListener("change", () => sort.value !== "" && sortBy(heads[sort.value], 1));
at("turn").addEventListener("click", () => sort.value !== "" && sortBy(heads[sort.value], otherWay(heads[sort.value])));
table.tBodies[0].addEventListener("click", (event) => event.target.closest("tbody th")?.parentElement.classList.toggle("open"));
at("all").addEventListener("change", (event) => table.classList.toggle("everything", event.target.checked));

// The scatter: any metric against any other, and the points that no other one beats in both.
const column = (name) => data.columns.find((each) => each.name === name);
const fill = (select, options, chosen) => {
  for (const [value, text] of options) select.add(new Option(text, value, value === chosen, value === chosen));
};
const metrics = data.columns.map((each) => [each.name, each.title]);
fill(at("x"), metrics, data.axes[0]);
fill(at("y"), metrics, data.axes[1]);
const words = [...new Set(data.points.flatMap((point) => Object.keys(point.labels)))];
const varied = words.filter((word) => new Set(data.points.map((point) => point.labels[word])).size > 1);
const own = data.points.some((point) => point.colour) && !varied.includes("machine");
fill(at("by"), [...(own || !varied.length ? [["", "name"]] : []), ...varied.map((word) => [word, word])]);
at("by-label").hidden = at("by").options.length < 2;

function front(points, x, y) {
  const signs = [x, y].map((name) => ({ low: 1, high: -1 })[column(name).better]);
  if (!signs[0] || !signs[1] || x === y) return null;
  const key = (point, place) => signs[place] * point.figures[[x, y][place]];
  const found = [];
  let best = Infinity;
  for (const point of [...points].sort((a, b) => key(a, 0) - key(b, 0) || key(a, 1) - key(b, 1))) {
    if (key(point, 1) < best) { best = key(point, 1); found.push(point); }
  }
  return found;
}

function layout(more) {
  return { margin: { l: 60, r: 10, t: 34, b: 50 }, font: { family: "system-ui, sans-serif", size: 13 }, hovermode: "closest",
    legend: { orientation: "h", y: -0.22 }, ...more };
}
const config = { responsive: true, displaylogo: false };

function scatter() {
  const [x, y, by] = ["x", "y", "by"].map((id) => at(id).value);
  const there = data.points.filter((point) => point.figures[x] !== null && point.figures[y] !== null && !point.note);
  const groups = new Map();
  for (const point of there) {
    const group = by ? point.labels[by] ?? "–" : own ? point.name : "points";
    groups.set(group, [...(groups.get(group) ?? []), point]);
  }
  const traces = [...groups].map(([name, points], place) => ({
    name, type: "scatter", mode: "markers", x: points.map((p) => p.figures[x]), y: points.map((p) => p.figures[y]),
    text: points.map((p) => [p.name, ...Object.entries(p.labels).map((pair) => pair.join(": "))].join("<br>")),
    hovertemplate: "%{text}<br>%{xaxis.title.text}: %{x:.4~g}<br>%{yaxis.title.text}: %{y:.4~g}<extra></extra>",
    marker: { size: 11, ...((by ? by === "machine" : own) && points[0].colour
      ? { color: points[0].colour, symbol: MARK_OF[points[0].mark] } : { color: COLOURS[place % 8], symbol: MARKS[place % 8] }) },
  }));
  const works = [...new Set(there.map((point) => point.work))];
  const fronts = works.map((work) => [work, front(there.filter((point) => point.work === work), x, y)]);
  for (const [work, points] of fronts) {
    if (points && points.length > 1) {
      traces.push({ name: fronts.length > 1 ? "fronts" : "front", legendgroup: "front", showlegend: !traces.some((trace) => trace.legendgroup), type: "scatter", mode: "lines", hoverinfo: "skip", x: points.map((p) => p.figures[x]),
        y: points.map((p) => p.figures[y]), line: { color: "#999999", width: 1.5, dash: "dot" } });
    }
  }
  at("front").textContent = fronts.some((pair) => pair[1])
    ? `On the front, better in one without being worse in the other: ${fronts.slice(0, 4).map(([work, points]) => (work ? `${work}: ` : "") + points.map((p) => p.name).join("; ")).join(". ")}${fronts.length > 4 ? `. ${fronts.length - 4} more workloads have fronts of their own` : ""}.`
    : "No front: of one of these, neither end is the better one.";
  const axis = (name, log) => ({ title: { text: column(name).title }, type: log ? "log" : "linear", automargin: true,
    minorloglabels: "complete", rangemode: log ? "normal" : "tozero" });
  Plotly.react("scatter", traces, layout({ xaxis: axis(x, at("x-log").checked), yaxis: axis(y, at("y-log").checked), height: 460 }), config);
}
// A metric whose values lie far apart is drawn by its logarithm, as in the pictures, until somebody says otherwise.
const FAR = 8;
function scaled(id) {
  const values = data.points.filter((point) => !point.note).map((point) => point.figures[at(id).value]).filter((value) => value !== null);
  at(`${id}-log`).checked = Math.min(...values) > 0 && Math.max(...values) > FAR * Math.min(...values);
}
for (const id of ["x", "y"]) {
  at(id).addEventListener("change", () => { scaled(id); scatter(); });
  scaled(id);
}
for (const id of ["by", "x-log", "y-log"]) at(id).addEventListener("change", scatter);
at("metrics").hidden = data.points.filter((point) => !point.note).length < 2;  // a point alone says nothing
if (!at("metrics").hidden) scatter();

// A long name in up to three lines.
function lines(name) {
  const found = [""];
  for (const word of name.split(" ")) {
    const longer = found.at(-1) ? `${found.at(-1)} ${word}` : word;
    if (longer.length <= 26 || !found.at(-1)) found[found.length - 1] = longer;
    else found.push(word);
  }
  const shown = found.slice(0, 3).map((line) => (line.length > 30 ? `${line.slice(0, 29)}…` : line));
  return shown.join("<br>") + (found.length > 3 ? "…" : "");
}

data.bars.forEach((bars, number) => {
  const names = bars.names.map(lines);
  const most = Math.max(...names.map((name) => name.split("<br>").length));
  const traces = bars.parts.map((part) => ({
    name: part.label, type: "bar", orientation: "h", y: names.map((_, place) => place), x: part.values, marker: { color: part.colour },
    text: bars.names.map((name) => `${name}: ${part.label}<br>${part.meaning}`), textposition: "none",
    hovertemplate: `%{text}<br>%{x:.4~g} ${bars.unit}<extra></extra>`,
  }));
  const drawn = at(`bars-${number}`);
  Plotly.newPlot(drawn, traces, layout({ barmode: "stack", height: 120 + (18 + 16 * most) * names.length, showlegend: false,
    xaxis: { title: { text: bars.unit, standoff: 4 }, automargin: true },
    yaxis: { autorange: "reversed", automargin: true, tickvals: names.map((_, place) => place), ticktext: names } }), config);
  // a legend of the page's own: plotly's would scroll within the drawing on a phone
  bars.parts.forEach((part, place) => {
    const entry = document.createElement("button");
    entry.append(Object.assign(document.createElement("i"), { style: `background: ${part.colour}` }), part.label);
    entry.title = part.meaning;
    entry.setAttribute("aria-pressed", "true");
    entry.addEventListener("click", () => {
      const shown = entry.getAttribute("aria-pressed") === "false";
      entry.setAttribute("aria-pressed", String(shown));
      Plotly.restyle(drawn, { visible: shown }, [place]);
    });
    drawn.nextElementSibling.append(entry);
  });
});

at("copy").addEventListener("click", async () => {
  const text = at("command").textContent;
  let copied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // a file on disk may not use the clipboard's interface everywhere
    const range = document.createRange();
    range.selectNodeContents(at("command"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    copied = document.execCommand("copy");
  }
  at("copy").textContent = copied ? "copied" : "marked, to be copied";
});
