/** Curves drawn with characters: braille dots, or asterisks where the terminal has no more. */

export type Points = readonly (readonly [x: number, y: number])[];

export interface ChartOptions {
  /** Columns of the whole, labels included. */
  width: number;
  /** Rows of the plot. */
  height: number;
  unicode: boolean;
}

/** From this ratio of largest to smallest on, values are drawn by their logarithm. */
const LOG_FROM = 8;
/** Columns for a value beside the plot; one width, so that charts under each other line up. */
const LABEL = 7;
const EIGHTHS = "▁▂▃▄▅▆▇█";

/** Three digits: `0.0123`, `45.6`, `1230`. */
export function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** @returns lines of a curve with its largest and smallest value on the left, its first and last step below; nothing for less than two points */
export function lineChart(points: Points, { width, height, unicode }: ChartOptions): string[] {
  if (points.length < 2) return [];
  const [first, last] = [points[0]![0], points.at(-1)![0]];
  const columns = Math.max(8, width - LABEL - 2);
  const [dotsX, dotsY] = unicode ? [2, 4] : [1, 1];
  const values = resample(points, columns * dotsX);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const levels = levelsOf(values, height * dotsY);
  const plot = unicode ? brailleRows(levels, columns, height) : starRows(levels, height);

  const [bar, corner, line] = unicode ? ["│", "└", "─"] : ["|", "+", "-"];
  const label = (row: number) => (row === 0 ? short(high) : row === height - 1 ? short(low) : "").padStart(LABEL);
  const ends = `${first}${String(last).padStart(Math.max(1, columns - String(first).length))}`;
  return [
    ...plot.map((text, row) => `${label(row)} ${bar}${text}`.trimEnd()),
    `${" ".repeat(LABEL)} ${corner}${line.repeat(columns)}`,
    `${" ".repeat(LABEL + 2)}${ends}`,
  ];
}

/** A curve in one line of blocks. */
export function sparkline(points: Points, width: number): string {
  if (points.length < 2) return "";
  return levelsOf(resample(points, width), EIGHTHS.length)
    .map((level) => EIGHTHS[level]!)
    .join("");
}

/** Heights from 0 to `count` - 1; half-way up where all are equal. */
function levelsOf(values: readonly number[], count: number): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scale = low > 0 && high / low >= LOG_FROM ? Math.log : (value: number) => value;
  const span = scale(high) - scale(low);
  return values.map((value) => Math.round((span === 0 ? 0.5 : (scale(value) - scale(low)) / span) * (count - 1)));
}

/** The mean of the values in each of `count` equal steps along x; between points where a step holds none. */
function resample(points: Points, count: number): number[] {
  const [first, last] = [points[0]![0], points.at(-1)![0]];
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  for (const [x, y] of points) {
    const at = last === first ? 0 : Math.min(count - 1, Math.floor(((x - first) / (last - first)) * count));
    sums[at]! += y;
    counts[at]! += 1;
  }
  const known = [...counts.keys()].filter((i) => counts[i]! > 0);
  const mean = (i: number) => sums[i]! / counts[i]!;
  return Array.from({ length: count }, (_, i) => {
    if (counts[i]! > 0) return mean(i);
    const before = known.findLast((k) => k < i);
    const after = known.find((k) => k > i);
    if (before === undefined || after === undefined) return mean(before ?? after!);
    const t = (i - before) / (after - before);
    return (1 - t) * mean(before) + t * mean(after);
  });
}

/** Levels from below, one a dot column; a dot column reaches to the one before, so that steep parts hang together. */
function* dots(levels: readonly number[]): Generator<[x: number, y: number]> {
  for (const [x, level] of levels.entries()) {
    const before = levels[x - 1] ?? level;
    const step = Math.sign(level - before);
    for (let y = before + step; step !== 0 && y !== level; y += step) yield [x, y];
    yield [x, level];
  }
}

/** Bits of a braille character by its dot's column and row, from the top. */
const BRAILLE = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

function brailleRows(levels: readonly number[], columns: number, height: number): string[] {
  const cells = Array.from({ length: height }, () => new Uint8Array(columns));
  for (const [x, y] of dots(levels)) {
    const fromTop = height * 4 - 1 - y;
    cells[fromTop >> 2]![x >> 1]! |= BRAILLE[x & 1]![fromTop & 3]!;
  }
  return cells.map((row) => [...row].map((bits) => (bits === 0 ? " " : String.fromCharCode(0x2800 + bits))).join(""));
}

function starRows(levels: readonly number[], height: number): string[] {
  const cells = Array.from({ length: height }, () => Array.from({ length: levels.length }, () => " "));
  for (const [x, y] of dots(levels)) cells[height - 1 - y]![x] = "*";
  return cells.map((row) => row.join(""));
}
