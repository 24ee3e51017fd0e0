// Draws a figure (see StateSpace in state_space.rs for its fields) into an element; the promise is kept when it stands.
"use strict";
function drawStateSpace(figure, element, { scrollZoom = true, isNarrow = false } = {}) {
  const names = ["x", "y", "z"].slice(0, figure.axes.length);
  const isSpatial = names.length === 3;
  const type = isSpatial ? "scatter3d" : "scatter";

  // Names are text, but the library reads tags in them.
  function plain(text) {
    return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  }

  // {x: [...], y: [...], z: [...]} of places; a gap is null.
  function columns(places) {
    const entries = names.map((name, axis) => [name, places.map((place) => (place === null ? null : place[axis]))]);
    return Object.fromEntries(entries);
  }

  // Several lines are one trace, with gaps between them.
  function lines(name, all, line, rest) {
    if (all.length === 0) return [];
    const places = all.flatMap((one) => [...one, null]);
    return [{ type, mode: "lines", name, ...columns(places), line, hoverinfo: "skip", connectgaps: false, ...rest }];
  }

  function add(place, by, factor) {
    return place.map((value, axis) => value + factor * by[axis]);
  }

  function hover(point, number) {
    const lines = [point.label, ...point.details].filter((line) => line !== "").map(plain);
    return [`<b>point ${number}: ${point.kind}${point.on_kink ? ", on a kink" : ""}</b>`, ...lines].join("<br>");
  }

  // The points of one kind, and their growing modes.
  function kind({ name, color, is_hollow: isHollow }) {
    const own = figure.points.map((point, number) => [point, number]).filter(([point]) => point.kind === name);
    if (own.length === 0) return [];
    const symbol = isHollow ? "circle-open" : "circle";
    const marker = { color, symbol, size: isSpatial ? 6 : 9, line: { color, width: isHollow ? 2 : 0 } };
    const markers = {
      type,
      mode: "markers",
      name: `${name} (${own.length})`,
      legendgroup: name,
      ...columns(own.map(([point]) => point.at)),
      marker,
      text: own.map(([point, number]) => hover(point, number)),
      hovertemplate: "%{text}<extra></extra>",
    };
    const modes = own.flatMap(([point]) => point.modes.map((mode) => [add(point.at, mode, -1), add(point.at, mode, 1)]));
    const rest = { legendgroup: name, showlegend: false };
    return [...lines(`${name}, growing modes`, modes, { color, width: isSpatial ? 5 : 2.5 }, rest), markers];
  }

  function kinks() {
    const own = figure.points.filter((point) => point.on_kink);
    if (own.length === 0) return [];
    const marker = { color: "#222", symbol: "circle-open", size: isSpatial ? 10 : 16, line: { color: "#222", width: 2 } };
    const name = `on a kink (${own.length})`;
    return [{ type, mode: "markers", name, ...columns(own.map((point) => point.at)), marker, hoverinfo: "skip" }];
  }

  // Off at first: beside many points they hide each other.
  function labels() {
    const own = figure.points.filter((point) => point.label !== "");
    if (own.length === 0) return [];
    const text = own.map((point) => plain(point.label));
    const rest = { textposition: "top center", textfont: { size: 11 }, hoverinfo: "skip", visible: "legendonly" };
    return [{ type, mode: "text", name: "labels", ...columns(own.map((point) => point.at)), text, ...rest }];
  }

  // A line with a mark at its head.
  function arrow({ name, color, from, to }) {
    const size = isSpatial ? [0, 7] : [0, 11];
    const marker = { color, size, symbol: "diamond", opacity: 1, line: { width: 0 } };
    const line = { color, width: isSpatial ? 6 : 2.5 };
    return { type, mode: "lines+markers", name: plain(name), ...columns([from, to]), line, marker, hoverinfo: "name" };
  }

  // The mean of a condition, from a small mark on.
  function condition({ name, color, is_dashed: isDashed, states }) {
    const size = states.map((_, step) => (step === 0 ? (isSpatial ? 4 : 7) : 0));
    const marker = { color, size, symbol: "circle", opacity: 1, line: { width: 0 } };
    const line = { color, width: isSpatial ? 4 : 2, dash: isDashed ? "dash" : "solid" };
    return { type, mode: "lines+markers", name: plain(name), ...columns(states), line, marker, hoverinfo: "name" };
  }

  function traces() {
    const ends = figure.links.map((link) => [figure.points[link.from].at, figure.points[link.to].at]);
    const thin = { color: figure.colors.trajectory, width: isSpatial ? 2 : 1 };
    const dashed = { color: figure.colors.link, width: isSpatial ? 3 : 1.2, dash: "dash" };
    return [
      ...lines(`trajectories (${figure.trajectories.length})`, figure.trajectories, thin, { opacity: 0.4 }),
      ...figure.lines.map(condition),
      ...lines(`connections (${ends.length})`, ends, dashed, {}),
      ...figure.kinds.flatMap(kind),
      ...kinks(),
      ...figure.arrows.map(arrow),
      ...labels(),
    ];
  }

  function axis(place) {
    const title = { text: plain(figure.axes[place]) };
    return { title, gridcolor: "#ddd", zerolinecolor: "#aaa", showspikes: false, showbackground: false };
  }

  // One unit of the state is as long in every direction.
  function frame() {
    if (isSpatial) {
      const camera = { eye: { x: 1.5, y: 1.5, z: 0.8 }, center: { x: 0, y: 0, z: -0.12 } };
      const axes = Object.fromEntries(names.map((name, place) => [`${name}axis`, axis(place)]));
      return { scene: { ...axes, aspectmode: "data", dragmode: "turntable", camera } };
    }
    return { xaxis: axis(0), yaxis: { ...axis(1), scaleanchor: "x" }, dragmode: "pan" };
  }

  const beside = { x: 1.01, xanchor: "left", y: 0.95 };
  const below = { orientation: "h", x: 0, y: 0, yanchor: "top", font: { size: 10 } };
  const layout = {
    ...frame(),
    font: { family: "Arial, Helvetica, sans-serif", size: 12, color: "#222" },
    hoverlabel: { bgcolor: "#fff", bordercolor: "#888", font: { color: "#222" }, align: "left" },
    legend: { itemsizing: "constant", ...(isNarrow ? below : beside) },
    margin: isSpatial ? { l: 0, r: 10, t: 0, b: 0 } : { l: 60, r: 20, t: 10, b: 50 },
    paper_bgcolor: "#fff",
    plot_bgcolor: "#fff",
  };
  // The others belong to editing, or would send the figure away.
  const buttons = ["toImage", isSpatial ? "resetCameraDefault3d" : "resetScale2d"];
  const options = { displaylogo: false, responsive: true, scrollZoom, modeBarButtons: [buttons] };
  return Plotly.newPlot(element, traces(), layout, options);
}

// What the mouse does with it.
function stateSpaceHint(figure, { scrollZoom = true } = {}) {
  const zoom = scrollZoom ? ", scroll to zoom" : "";
  return figure.axes.length === 3
    ? `Drag to turn${zoom}, drag with the right button to move; click on the legend to hide and show.`
    : `Drag to move${zoom}; click on the legend to hide and show.`;
}
