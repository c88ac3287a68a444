/** Rows as they are measured, and the table that they become: as text while they come, as markdown for BENCHMARKS.md. */

export interface Bar {
  /** What must be reached, and what would be better still. */
  at: number;
  stretch?: number;
  better: "less" | "more";
}

export interface Measured {
  name: string;
  ours_ms?: number;
  peer_ms?: number;
  /** What the bar holds: ours/peer, an exponent, a speed-up, a share of a budget. */
  figure: number;
  /** How the figure is read where it is no ratio: `N^0.98`. */
  shown?: string;
  bar?: Bar;
  /** Relative to a reference in higher precision. */
  error_ours?: number;
  error_peer?: number;
  /** The results are wrong: more than four times the peer's error, and more than rounding. */
  wrong?: boolean;
  /** Whether the peer is as fast as it was elsewhere on this type of processor. */
  validity?: "as expected" | "unverified" | `invalid: ${string}`;
  /** The peer's way, and what else there is to say. */
  about?: string;
  /** Nothing could be measured. */
  problem?: string;
}

const HEAD = ["operation", "ours", "peer", "ours/peer", "bar (stretch)", "met", "error ours; peer", "the peer"];

export function time(ms: number): string {
  if (ms < 0.1) return `${(1e3 * ms).toPrecision(3)} µs`;
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

function reaches(figure: number, at: number, better: Bar["better"]): boolean {
  return better === "less" ? figure <= at : figure >= at;
}

/** Whether a row counts against its bar: it has none, or it is reached. */
export function verdict({ figure, bar, wrong, problem, validity }: Measured): "yes" | "stretch" | "no" | "wrong" | "failed" | "invalid" | "" {
  if (problem) return "failed";
  if (wrong) return "wrong";
  if (validity?.startsWith("invalid")) return "invalid";
  if (!bar) return "";
  if (bar.stretch !== undefined && reaches(figure, bar.stretch, bar.better)) return "stretch";
  return reaches(figure, bar.at, bar.better) ? "yes" : "no";
}

function cells(row: Measured): string[] {
  const { name, ours_ms, peer_ms, figure, shown, bar, error_ours, error_peer, validity, about, problem } = row;
  const sign = bar?.better === "more" ? "≥" : "≤";
  return [
    name,
    ours_ms === undefined ? "" : time(ours_ms),
    peer_ms === undefined ? "" : time(peer_ms),
    problem ? "" : (shown ?? figure.toFixed(2)),
    bar ? `${sign} ${bar.at}${bar.stretch === undefined ? "" : ` (${bar.stretch})`}` : "",
    verdict(row),
    error_ours === undefined ? "" : `${error_ours.toExponential(1)}; ${(error_peer ?? 0).toExponential(1)}`,
    [about, validity === "unverified" ? "peer unverified" : validity === "as expected" ? undefined : validity, problem]
      .filter(Boolean)
      .join("; ")
      .replaceAll("|", "/"),
  ];
}

const WIDTHS = [66, 9, 9, 10, 13, 7, 16, 0];
const LEFT = new Set([0, 5, 7]);

function aligned(row: readonly string[]): string {
  return row.map((cell, i) => (LEFT.has(i) ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!))).join("  ");
}

export const textHead = (): string => aligned(HEAD);
export const textLine = (row: Measured): string => aligned(cells(row)).trimEnd();

export function markdown(head: readonly string[], rows: readonly Measured[]): string {
  const all = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return `${head.map((text) => `- ${text}.`).join("\n")}\n\n${[line(HEAD), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...all.slice(1).map(line)].join("\n")}\n`;
}

/** `31 rows with a bar: 20 reached (12 the stretch), 9 missed, 1 wrong, 1 invalid` */
export function summary(rows: readonly Measured[]): string {
  const count = (...verdicts: ReturnType<typeof verdict>[]) => rows.filter((row) => verdicts.includes(verdict(row))).length;
  const parts = [`${count("yes", "stretch")} reached (${count("stretch")} the stretch)`, `${count("no")} missed`];
  for (const what of ["invalid", "wrong", "failed"] as const) if (count(what) > 0) parts.push(`${count(what)} ${what}`);
  return `${rows.filter(({ bar }) => bar).length} rows with a bar: ${parts.join(", ")}`;
}
