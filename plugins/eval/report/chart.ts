/** Charts as inline SVG: no script, no font, no network. Colours are the style sheet's. */
import { type Html, html } from "./html";
import { duration, inColumn, number, onAxis } from "./numbers";

export interface Curve {
  title: string;
  x: string;
  y: string;
  series: { name: string; points: [number, number][] }[];
}

const [WIDTH, HEIGHT] = [520, 260];
const PAD = { left: 56, right: 14, top: 12, bottom: 36 };
const MOST_POINTS = 300;
/** Beyond this ratio a chart of positive values is logarithmic. */
const LOG_RATIO = 50;
const SMOOTHED_FROM = 60;

interface Scale {
  at(value: number): number;
  ticks: number[];
}

/** Ticks at 1, 2 or 5 times a power of ten. */
export function niceTicks(low: number, high: number, about: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw)! * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function linear(low: number, high: number, from: number, to: number, about: number): Scale {
  const span = high - low || 1;
  return { at: (value) => from + ((value - low) / span) * (to - from), ticks: niceTicks(low, high, about) };
}

function logarithmic(low: number, high: number, from: number, to: number): Scale {
  const inner = linear(Math.log10(low), Math.log10(high), from, to, 4);
  const decades = niceTicks(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)), 8).filter(Number.isInteger);
  const marks = decades.flatMap((d) => [10 ** d, 2 * 10 ** d, 5 * 10 ** d]).filter((v) => v >= low && v <= high);
  const ticks = marks.length > 6 ? marks.filter((v) => Number.isInteger(Math.log10(v))) : marks;
  return { at: (value) => inner.at(Math.log10(value)), ticks };
}

type Points = [number, number][];

/** Means of equal buckets, so that a long curve stays a small file. */
function thin(points: Points): Points {
  if (points.length <= MOST_POINTS) return points;
  const size = points.length / MOST_POINTS;
  return Array.from({ length: MOST_POINTS }, (_, i) => {
    const bucket = points.slice(Math.floor(i * size), Math.floor((i + 1) * size));
    const mean = (k: 0 | 1) => bucket.reduce((sum, point) => sum + point[k], 0) / bucket.length;
    return [mean(0), mean(1)];
  });
}

/** The running mean over a twentieth of the curve. */
function smooth(points: Points): Points {
  const reach = Math.max(1, Math.round(points.length / 40));
  return points.map(([x], i) => {
    const near = points.slice(Math.max(0, i - reach), i + reach + 1);
    return [x, near.reduce((sum, [, y]) => sum + y, 0) / near.length];
  });
}

function path(points: Points, x: Scale, y: Scale): string {
  return points.map(([px, py], i) => `${i === 0 ? "M" : "L"}${x.at(px).toFixed(1)} ${y.at(py).toFixed(1)}`).join("");
}

export function curveChart({ title, x: xLabel, y: yLabel, series }: Curve): Html {
  const finite = series
    .map(({ name, points }) => ({ name, points: points.filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py)) }))
    .filter(({ points }) => points.length > 0);
  if (finite.length === 0) return html`<figure class="chart"><figcaption>${title}: nothing recorded yet</figcaption></figure>`;
  const xs = finite.flatMap(({ points }) => points.map(([px]) => px));
  const ys = finite.flatMap(({ points }) => points.map(([, py]) => py));
  const [x0, x1, y0, y1] = [least(xs), greatest(xs), least(ys), greatest(ys)];
  const isLog = y0 > 0 && y1 / y0 > LOG_RATIO;
  const margin = (y1 - y0 || Math.abs(y1) || 1) * 0.05;
  const x = linear(x0, x1, PAD.left, WIDTH - PAD.right, 6);
  const [top, bottom] = [PAD.top, HEIGHT - PAD.bottom];
  const y = isLog ? logarithmic(y0 / 1.15, y1 * 1.15, bottom, top) : linear(y0 >= 0 && y0 < 0.3 * y1 ? 0 : y0 - margin, y1 + margin, bottom, top, 5);
  const [xText, yText] = [onAxis(x.ticks), isLog ? number : onAxis(y.ticks)];
  const lines = finite.map(({ points }, i) => {
    const thinned = thin(points);
    const busy = thinned.length >= SMOOTHED_FROM;
    const dots = points.length === 1 ? html`<circle cx="${x.at(points[0]![0])}" cy="${y.at(points[0]![1])}" r="3" class="dot"/>` : "";
    return html`<g class="series s${i % 6}">${busy && html`<path class="raw" d="${path(thinned, x, y)}"/>`}<path d="${path(busy ? smooth(thinned) : thinned, x, y)}"/>${dots}</g>`;
  });
  return html`<figure class="chart">
<figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<g class="grid">${y.ticks.map((t) => html`<line x1="${PAD.left}" x2="${WIDTH - PAD.right}" y1="${y.at(t).toFixed(1)}" y2="${y.at(t).toFixed(1)}"/>`)}</g>
<g class="ticks">${y.ticks.map((t) => html`<text x="${PAD.left - 7}" y="${(y.at(t) + 3.5).toFixed(1)}" text-anchor="end">${yText(t)}</text>`)}
${x.ticks.map((t) => html`<text x="${x.at(t).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${xText(t)}</text>`)}</g>
<line class="axis" x1="${PAD.left}" x2="${WIDTH - PAD.right}" y1="${bottom}" y2="${bottom}"/>
<text class="label" x="${(PAD.left + WIDTH - PAD.right) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${xLabel}</text>
<text class="label" transform="translate(11 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${yLabel}${isLog && " (log)"}</text>
${lines}</svg>
<p class="legend">${finite.map(({ name, points }, i) => html`<span class="s${i % 6}"><i></i>${name} <b>${number(points.at(-1)![1])}</b></span>`)}</p>
</figure>`;
}

export interface Intervals {
  title: string;
  x: string;
  /** `unsure`: from so few that the interval is a hint at best. */
  rows: { name: string; value: number; low: number; high: number; points?: number[]; unsure?: boolean }[];
}

const [ROW, NAMES] = [26, 330];
const WIDE = 860;

/** A number a row as a dot on its interval, with a line at 0; small rings are its parts. What lies surely on one side of 0 is drawn stronger. */
export function intervalChart({ title, x: xLabel, rows }: Intervals): Html {
  const shown = rows.filter(({ value }) => Number.isFinite(value));
  if (shown.length === 0) return html`<figure class="chart"><figcaption>${title}: nothing measured</figcaption></figure>`;
  const values = [0, ...shown.flatMap(({ value, low, high, points = [] }) => [value, low, high, ...points])].filter(Number.isFinite);
  const margin = (greatest(values) - least(values) || 1) * 0.06;
  const [right, bottom] = [WIDE - PAD.right - 56, PAD.top + ROW * shown.length];
  const scale = linear(least(values) - margin, greatest(values) + margin, NAMES + 12, right, 6);
  const text = onAxis(scale.ticks);
  const at = (value: number) => scale.at(value).toFixed(1);
  const written = inColumn(shown.map(({ value }) => value));
  const lines = shown.map(({ name, value, low, high, points = [], unsure = false }, i) => {
    const y = PAD.top + ROW * (i + 0.5);
    const known = Number.isFinite(low) && Number.isFinite(high);
    const strong = known && !unsure && (low > 0 || high < 0);
    return html`<g class="interval${strong && " strong"} s${value < 0 ? 1 : 0}"><text x="${NAMES}" y="${y + 4}" text-anchor="end">${name}</text>
${known && html`<line x1="${at(low)}" x2="${at(high)}" y1="${y}" y2="${y}"/>`}
${points.map((point) => html`<circle class="part" cx="${at(point)}" cy="${y}" r="3"/>`)}<circle cx="${at(value)}" cy="${y}" r="4.5"/>
<text x="${right + 10}" y="${y + 4}">${written(value)}</text></g>`;
  });
  return html`<figure class="chart wide">
<figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDE} ${bottom + PAD.bottom}" role="img" aria-label="${title}">
<g class="grid">${scale.ticks.map((t) => html`<line x1="${at(t)}" x2="${at(t)}" y1="${PAD.top}" y2="${bottom}"/>`)}</g>
<g class="ticks">${scale.ticks.map((t) => html`<text x="${at(t)}" y="${bottom + 16}" text-anchor="middle">${text(t)}</text>`)}</g>
<line class="zero" x1="${at(0)}" x2="${at(0)}" y1="${PAD.top}" y2="${bottom}"/>
${lines}
<text class="label" x="${(NAMES + right) / 2}" y="${bottom + PAD.bottom - 4}" text-anchor="middle">${xLabel}; bars: 95 % intervals, rings: single sites</text></svg>
</figure>`;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

/** How long each stage took, as bars on one scale. */
export function timeBars(rows: readonly { name: string; seconds: number; note: string }[]): Html {
  const longest = Math.max(...rows.map(({ seconds }) => seconds), 1e-9);
  return html`<table class="bars"><tbody>${rows.map(
    ({ name, seconds, note }) =>
      html`<tr><th><a href="#${name}">${name}</a></th><td><span style="width:${((100 * seconds) / longest).toFixed(1)}%"></span></td><td>${duration(seconds)}</td><td>${note}</td></tr>`,
  )}</tbody></table>`;
}
