/** What `earthcraft runs` shows. Reads only. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Curve, readCurves } from "../runs/curves";
import { hashFile, listFiles, sizeOf } from "../runs/files";
import { type Run, readRun, type StageRecord } from "../runs/record";
import type { Canvas } from "../ui/canvas";
import { lineChart, short, sparkline } from "../ui/chart";
import { bytes, clip, duration, harmless, padded } from "../ui/text";

export interface RunLine {
  folder: string;
  title: string;
  done: number;
  stages: number;
  state: string;
  updated: string;
  /** What the training that runs, or else the last one, has logged. */
  curve?: Curve;
}

export function listRuns(cwd: string, folder: string): RunLine[] {
  const dir = resolve(cwd, folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .filter((name) => existsSync(join(dir, name, "run.json")))
    .map((name) => {
      const read = readRun(join(dir, name));
      const { run } = read;
      const curves = readCurves(read);
      const running = run.stages.find(({ status }) => status === "running")?.id;
      const curve = curves.find(({ stage }) => stage === running) ?? curves.at(-1);
      const done = run.stages.filter(({ status }) => status === "done").length;
      const state =
        run.stages.find(({ status }) => status !== "done" && status !== "waiting")?.status ?? (done === run.stages.length ? "done" : "unfinished");
      return {
        ...{ folder: relative(cwd, join(dir, name)), title: run.title, done, stages: run.stages.length, state, updated: run.updated },
        ...(curve === undefined ? {} : { curve }),
      };
    });
}

/** Columns padded to their widest cell. */
function columns(rows: readonly (readonly string[])[]): string {
  const flat = rows.map((row) => row.map((cell) => cell.replace(/\s+/g, " ")));
  const widths = flat[0]?.map((_, i) => Math.max(...flat.map((row) => Bun.stringWidth(row[i]!)))) ?? [];
  return flat
    .map((row) =>
      row
        .map((cell, i) => padded(cell, widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const SPARK = 12;

/** `train-texfm ▇▅▃▂▁▁ 0.412` */
function sparkOf(curve: Curve | undefined, unicode: boolean): string {
  const last = curve?.points.at(-1);
  if (curve === undefined || last === undefined) return "";
  return [curve.stage, ...(unicode ? [sparkline(curve.points, SPARK)] : []), short(last[1])].join(" ");
}

export function runTable(runs: readonly RunLine[], { clip: most, unicode }: Canvas): string {
  if (runs.length === 0) return "no runs here";
  const rows = runs.map((run) => [
    run.folder,
    `${run.done}/${run.stages}`,
    run.state,
    run.updated.slice(0, 16).replace("T", " "),
    sparkOf(run.curve, unicode),
    run.title,
  ]);
  return columns([["folder", "stages", "state", "last change", "training", "title"], ...rows])
    .split("\n")
    .map((line) => clip(harmless(line), most))
    .join("\n");
}

export function stageTable({ run, stages }: Run, { clip: most }: Pick<Canvas, "clip">): string {
  const head = ["stage", "state", "time", "memory", "measures"];
  const rows = stages.map(({ id, status, seconds, peakMemory_bytes, record }) => [
    id,
    status,
    seconds === undefined ? "" : duration(seconds),
    peakMemory_bytes === undefined ? "" : bytes(peakMemory_bytes),
    Object.entries(record?.metrics ?? {})
      .map(([name, value]) => `${name} ${number(value)}`)
      .join(" · "),
  ]);
  const indent = columns([head, ...rows]).indexOf("measures");
  const errors = stages.flatMap(({ id, error }) => (error === undefined ? [] : [`${id}: ${error.what}`]));
  return [
    `${run.title.replace(/\s+/g, " ")} (${run.recipe})`,
    ...columns([head, ...rows])
      .split("\n")
      .flatMap((line) => folded(line, most, indent)),
    ...errors,
  ]
    .map(harmless)
    .join("\n");
}

/** A list with ` · ` between its parts, broken there into lines of a width; where there is hardly room, it stays one. */
function folded(line: string, width: number, indent: number): string[] {
  if (width < indent + 24) return [line];
  const lines: string[] = [];
  for (const part of line.split(" · ")) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(part);
    else if (Bun.stringWidth(`${last} · ${part}`) <= width) lines[lines.length - 1] = `${last} · ${part}`;
    else lines.push(`${" ".repeat(indent)}${part}`);
  }
  return lines;
}

const number = (value: number) => String(Number(value.toPrecision(4)));

const CHART_ROWS = 6;
/** Wider charts say no more. */
const CHART_COLUMNS = 100;

/** The curves of all training stages, also of one that still runs or was interrupted. */
export function curveCharts(run: Run, { width, unicode }: Canvas): string {
  const states = new Map(run.stages.map(({ id, status }) => [id, status]));
  return readCurves(run)
    .map(({ stage, name, points }) => {
      const [step, last] = points.at(-1)!;
      const state = states.get(stage) === "done" ? "" : ` (${states.get(stage)})`;
      const head = `${stage}${state}: ${name} ${points.length === 1 ? "" : `${short(points[0]![1])} to `}${short(last)} at step ${step}`;
      return [clip(harmless(head), width), ...lineChart(points, { width: Math.min(width, CHART_COLUMNS), height: CHART_ROWS, unicode })].join("\n");
    })
    .join("\n\n");
}

function verifyStage(path: string, record: StageRecord): { files: number; problems: string[] } {
  const files = Object.entries(record.outputs);
  const problems = files.flatMap(([file, recorded]) => {
    const full = join(path, file);
    const size = sizeOf(full);
    if (size === undefined) return [`${full}: missing`];
    if (size !== recorded.bytes) return [`${full}: ${size} bytes, ${recorded.bytes} were written`];
    return hashFile(full).sha256 === recorded.sha256 ? [] : [`${full}: content has changed`];
  });
  const known = new Set([...files.map(([file]) => file), "stage.json", ...record.items.map((item) => join(item, "stage.json"))]);
  const stray = listFiles(path).filter((file) => !known.has(file));
  return { files: files.length, problems: [...problems, ...stray.map((file) => `${join(path, file)}: not an output of the stage`)] };
}

export function verifyRun({ stages }: Run): { files: number; problems: string[] } {
  const found = stages.flatMap(({ path, record }) => (record?.status === "done" ? [verifyStage(path, record)] : []));
  return { files: found.reduce((sum, { files }) => sum + files, 0), problems: found.flatMap(({ problems }) => problems) };
}
