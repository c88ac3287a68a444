/**
 * Where the time of a trace went, by operator: `./earthcraft bun test/bench/trace-table.ts trace.json [--rows N]`.
 *
 * Time is an operator's own: what operators inside it took is theirs. GB/s is what its inputs and outputs hold, over that time.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

export interface Operator {
  name: string;
  cat?: string;
  ph: string;
  /** Microseconds. */
  ts: number;
  dur?: number;
  pid: number;
  tid: number;
  args?: { inputs: string; bytes: number };
}

interface Row {
  name: string;
  calls: number;
  own_us: number;
  bytes: number;
}

/** Events of a file whose array may be open. */
export function readTrace(text: string): Operator[] {
  return JSON.parse(`${text.trimEnd().replace(/,$|\]$/, "")}]`);
}

export function ownTimes(events: readonly Operator[], byShape = false): Row[] {
  const rows = new Map<string, Row>();
  const threads = Map.groupBy(
    events.filter(({ ph }) => ph === "X"),
    ({ pid, tid }) => `${pid}/${tid}`,
  );
  for (const calls of threads.values()) {
    calls.sort((a, b) => a.ts - b.ts || b.dur! - a.dur!);
    const open: { end: number; row: Row }[] = [];
    for (const { name, ts, dur = 0, args } of calls) {
      while (open.length > 0 && open.at(-1)!.end <= ts) open.pop();
      if (open.length > 0) open.at(-1)!.row.own_us -= dur;
      const key = byShape ? `${name} ${args?.inputs ?? ""}` : name;
      const row = rows.get(key) ?? { name: key, calls: 0, own_us: 0, bytes: 0 };
      rows.set(key, row);
      row.calls++;
      row.own_us += dur;
      row.bytes += args?.bytes ?? 0;
      open.push({ end: ts + dur, row });
    }
  }
  return [...rows.values()].sort((a, b) => b.own_us - a.own_us);
}

if (import.meta.main) {
  const options = { rows: { type: "string", default: "30" }, shapes: { type: "boolean", default: false } } as const;
  const { positionals, values } = parseArgs({ args: Bun.argv.slice(2), allowPositionals: true, options });
  const rows = ownTimes(readTrace(readFileSync(positionals[0]!, "utf8")), values.shapes);
  const whole = rows.reduce((sum, { own_us }) => sum + own_us, 0);
  console.log("  own ms  share    calls   us/call    GB/s  operator");
  for (const { name, calls, own_us, bytes } of rows.slice(0, Number(values.rows))) {
    const cells = [(own_us / 1000).toFixed(1).padStart(8), `${((100 * own_us) / whole).toFixed(1)} %`.padStart(7), String(calls).padStart(8)];
    console.log([...cells, (own_us / calls).toFixed(1).padStart(9), (bytes / own_us / 1000).toFixed(2).padStart(7), ` ${name}`].join(" "));
  }
  console.log(`${(whole / 1000).toFixed(1)} ms in all`);
}
