/** `metrics.jsonl`: one line a logged step. Append-only; a resumed run cuts it back to its checkpoint, and a line torn by a crash is dropped. */
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";

export interface MetricsLine {
  step: number;
  [name: string]: number;
}

export class MetricsLog {
  private constructor(
    private readonly path: string | null,
    readonly lines: MetricsLine[],
  ) {}

  /** Opens the log with everything from `step` on removed. Without a path lines are kept in memory only: ranks other than 0. */
  static resume(path: string | null, step: number): MetricsLog {
    if (path === null) return new MetricsLog(null, []);
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").flatMap(parse) : [];
    const kept = lines.filter((line) => line.step < step);
    writeFileSync(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return new MetricsLog(path, kept);
  }

  append(line: MetricsLine): void {
    this.lines.push(line);
    if (this.path !== null) appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }

  /** The whole log as a file of its own, beside the trained weights. */
  copyTo(path: string): void {
    if (this.path !== null) copyFileSync(this.path, path);
  }

  /** One number over the steps, for a curve. */
  series(name: string): [number, number][] {
    return this.lines.flatMap((line) => (line[name] === undefined ? [] : [[line.step, line[name]] as [number, number]]));
  }
}

function parse(text: string): MetricsLine[] {
  try {
    const line = JSON.parse(text) as MetricsLine;
    return typeof line.step === "number" ? [line] : [];
  } catch {
    return [];
  }
}
