/** Whose data a run is made from: what the place file and the stages' georeferences say. Every report and asset repeats it. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import type { Run } from "../../../cli/plugin";

/** Files of the stages that carry a georeference. */
const CARRIERS = new Set(["scene.json", "georeference.json", "transforms.json"]);

function lines(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((line) => typeof line === "string") : [];
}

function linesOf(document: unknown): string[] {
  if (typeof document !== "object" || document === null) return [];
  const own = "attribution" in document ? lines(document.attribution) : [];
  return "georeference" in document ? [...own, ...linesOf(document.georeference)] : own;
}

function read(path: string, parser: (text: string) => unknown): string[] {
  try {
    return existsSync(path) ? linesOf(parser(readFileSync(path, "utf8"))) : [];
  } catch {
    return []; // not the file it claims to be; the stage that reads it says so
  }
}

export function attributionOf({ run, stages }: Run): string[] {
  const all = run.place ? read(run.place, parse) : [];
  for (const { path, record, items } of stages)
    for (const { dir, outputs } of [
      { dir: path, outputs: record?.outputs ?? {} },
      ...items.map((item) => ({ dir: join(path, item.item ?? ""), outputs: item.outputs })),
    ])
      for (const file of Object.keys(outputs)) if (CARRIERS.has(basename(file))) all.push(...read(join(dir, file), JSON.parse));
  return [...new Set(all.map((line) => line.trim()).filter(Boolean))];
}
