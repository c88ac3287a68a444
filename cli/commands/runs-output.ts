/** What `earthcraft runs` shows. Reads only. */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { EXIT, UserError } from "../errors";
import { hashFile, listFiles, sizeOf } from "../runs/files";
import { type Run, readRun, type StageRecord } from "../runs/record";
import { bytes, duration, harmless } from "../ui/text";

export interface RunLine {
  folder: string;
  title: string;
  done: number;
  stages: number;
  state: string;
  updated: string;
}

export function openRun(cwd: string, folder: string): Run {
  const dir = resolve(cwd, folder);
  if (!existsSync(join(dir, "run.json")))
    throw new UserError({ what: "this is no run folder", where: dir, fix: "see: earthcraft runs ls", exit: EXIT.badInput });
  try {
    return readRun(dir);
  } catch (error) {
    throw new UserError({
      what: `run.json cannot be read: ${error instanceof Error ? error.message : error}`,
      where: dir,
      fix: "run the recipe again: it is written anew",
      exit: EXIT.badInput,
    });
  }
}

export function listRuns(cwd: string, folder: string): RunLine[] {
  const dir = resolve(cwd, folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .filter((name) => existsSync(join(dir, name, "run.json")))
    .map((name) => {
      const { run } = openRun(dir, name);
      const done = run.stages.filter(({ status }) => status === "done").length;
      const state =
        run.stages.find(({ status }) => status !== "done" && status !== "waiting")?.status ?? (done === run.stages.length ? "done" : "unfinished");
      return { folder: relative(cwd, join(dir, name)), title: run.title, done, stages: run.stages.length, state, updated: run.updated };
    });
}

/** Columns padded to their widest cell. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]!.length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function runTable(runs: readonly RunLine[]): string {
  if (runs.length === 0) return "no runs here";
  return columns([
    ["folder", "stages", "state", "last change", "title"],
    ...runs.map((run) => [run.folder, `${run.done}/${run.stages}`, run.state, run.updated.slice(0, 16).replace("T", " "), harmless(run.title)]),
  ]);
}

const number = (value: number) => String(Number(value.toPrecision(4)));

export function stageTable({ run, stages }: Run): string {
  const rows = stages.map(({ id, status, seconds, peakMemory_bytes, record }) => [
    id,
    status,
    seconds === undefined ? "" : duration(seconds),
    peakMemory_bytes === undefined ? "" : bytes(peakMemory_bytes),
    Object.entries(record?.metrics ?? {})
      .map(([name, value]) => `${name} ${number(value)}`)
      .join(" · "),
  ]);
  const errors = stages.flatMap(({ id, error }) => (error === undefined ? [] : [`${id}: ${error.what}`]));
  return harmless([`${run.title} (${run.recipe})`, columns([["stage", "state", "time", "memory", "measures"], ...rows]), ...errors].join("\n"));
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
