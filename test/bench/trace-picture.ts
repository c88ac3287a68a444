/**
 * A picture of one step of a trace: `./earthcraft bun test/bench/trace-picture.ts trace.json OUT.png [--step N] [--width 1600]`.
 *
 * Time goes to the right. The first lane holds the trainer's spans, those below the operators that ran in them, an operator inside another one lane
 * lower. Beneath, the operators that took most, by their own time. A step is from one `loss` to the end of the next `update`; the last is drawn.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { type Operator, ownTimes, readTrace } from "./trace-table";

interface Bar {
  name: string;
  /** Microseconds from the step's begin. */
  from: number;
  to: number;
  lane: number;
}

const LANES = 6;
const [LANE, MARGIN, LEGEND, TOP] = [26, 24, 20, 12];

/** Begins and ends of spans as [name, begin, end]. */
function spans(events: readonly Operator[]): [string, number, number][] {
  const open = new Map<string, [string, number][]>();
  const found: [string, number, number][] = [];
  for (const { name, ph, ts, pid, tid } of events) {
    const stack = open.get(`${pid}/${tid}`) ?? [];
    open.set(`${pid}/${tid}`, stack);
    if (ph === "B") stack.push([name, ts]);
    const begun = ph === "E" ? stack.pop() : undefined;
    if (begun) found.push([...begun, ts]);
  }
  return found;
}

/** Where the operators of a step stand; one that lies in others stands below them. */
function barsOf(events: readonly Operator[], begin: number, end: number): Bar[] {
  const inside = events.filter(({ ph, ts, dur = 0 }) => ph === "X" && ts >= begin && ts + dur <= end);
  const bars: Bar[] = [];
  for (const calls of Map.groupBy(inside, ({ pid, tid }) => `${pid}/${tid}`).values()) {
    calls.sort((a, b) => a.ts - b.ts || b.dur! - a.dur!);
    const open: number[] = [];
    for (const { name, ts, dur = 0 } of calls) {
      while (open.length > 0 && open.at(-1)! <= ts) open.pop();
      open.push(ts + dur);
      bars.push({ name, from: ts - begin, to: ts + dur - begin, lane: open.length });
    }
  }
  return bars.filter(({ lane }) => lane < LANES);
}

const plain = (name: string) => name.replace(/^autograd::engine::evaluate_function: /, "").replace(/^(aten|earthcraft)::/, "");
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** The same colour for the same name, and not too dark for black letters. */
function colour(name: string): string {
  const hue = Number(Bun.hash(plain(name)) % 360n);
  return `hsl(${hue}, ${name.startsWith("earthcraft::") ? 62 : 28}%, 72%)`;
}

function svg(bars: readonly Bar[], length: number, width: number, rows: readonly { name: string; own_us: number; calls: number }[]): string {
  const scale = (width - 2 * MARGIN) / length;
  const x = (us: number) => MARGIN + us * scale;
  const parts = bars
    .filter(({ from, to }) => (to - from) * scale > 0.3)
    .map(({ name, from, to, lane }) => {
      const [left, wide, y] = [x(from), Math.max(0.3, (to - from) * scale), TOP + lane * LANE];
      const letters = Math.floor(wide / 7) - 1;
      const text = letters > 3 ? `<text x="${left + 4}" y="${y + 17}">${escaped(plain(name).slice(0, letters))}</text>` : "";
      return `<rect x="${left}" y="${y}" width="${wide}" height="${LANE - 2}" fill="${colour(name)}"/>${text}`;
    });
  const axis = TOP + LANES * LANE + 16;
  const tick = 10 ** Math.floor(Math.log10(length / 4));
  for (let us = 0; us <= length; us += tick)
    parts.push(
      `<line x1="${x(us)}" x2="${x(us)}" y1="${axis - 14}" y2="${axis - 8}" stroke="#555"/><text x="${x(us)}" y="${axis + 6}">${us / 1000} ms</text>`,
    );
  const total = rows.reduce((sum, { own_us }) => sum + own_us, 0);
  const half = Math.ceil(Math.min(16, rows.length) / 2);
  for (const [i, { name, own_us, calls }] of rows.slice(0, 2 * half).entries()) {
    const [left, y] = [MARGIN + Math.floor(i / half) * (width / 2), axis + 22 + (i % half) * LEGEND];
    const share = `${((100 * own_us) / total).toFixed(1)} %`;
    const text = `${(own_us / 1000).toFixed(1)} ms  ${share}  ${calls} × ${escaped(name.slice(0, 70))}`;
    parts.push(`<rect x="${left}" y="${y}" width="14" height="14" fill="${colour(name)}"/><text x="${left + 22}" y="${y + 12}">${text}</text>`);
  }
  const height = axis + 32 + half * LEGEND;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${parts.join("")}</svg>`;
}

if (import.meta.main) {
  const options = { step: { type: "string" }, width: { type: "string", default: "1600" } } as const;
  const { positionals, values } = parseArgs({ args: Bun.argv.slice(2), allowPositionals: true, options });
  const [from, to] = positionals;
  if (!from || !to) throw new Error("trace-picture: name a trace and a picture to write");
  const events = readTrace(readFileSync(from, "utf8"));
  const named = spans(events);
  const ends = named.filter(([name]) => name === "update").map(([, , end]) => end);
  const begins = named.filter(([name]) => name === "loss").map(([, begin]) => begin);
  const step = values.step === undefined ? ends.length - 1 : Number(values.step);
  const end = ends[step];
  const begin = end === undefined ? undefined : begins.findLast((at) => at < end);
  if (begin === undefined || end === undefined) throw new Error(`trace-picture: ${from} has ${ends.length} whole steps, no step ${step}`);
  const phases = named.filter(([, a, b]) => a >= begin && b <= end).map(([name, a, b]): Bar => ({ name, from: a - begin, to: b - begin, lane: 0 }));
  const rows = ownTimes(events.filter(({ ts, dur = 0 }) => ts >= begin && ts + dur <= end));
  await sharp(Buffer.from(svg([...phases, ...barsOf(events, begin, end)], end - begin, Number(values.width), rows)))
    .png({ palette: true })
    .toFile(to);
}
