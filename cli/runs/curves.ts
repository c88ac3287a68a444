/**
 * The numbers that a training stage logs: `metrics.jsonl`, one JSON object a line with a `step` and any numbers beside it.
 *
 * While the stage runs, or after it was interrupted, it lies in `.scratch/<stage>`; with the outputs once the stage is done.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "./record";

export interface Curve {
  /** Id of the stage. */
  stage: string;
  /** What is drawn: `loss`, or the first number of a line where there is none. */
  name: string;
  file: string;
  points: [step: number, value: number][];
}

const FILE = "metrics.jsonl";

/** In the order of the recipe; stages that have logged nothing yet are left out. */
export function readCurves({ dir, stages }: Run): Curve[] {
  return stages.flatMap(({ id, path, status }) => {
    const places = [join(path, FILE), join(dir, ".scratch", id, FILE)];
    const file = (status === "done" ? places : places.reverse()).find(existsSync);
    const curve = file === undefined ? undefined : readCurve(file);
    return curve === undefined || curve.points.length === 0 ? [] : [{ stage: id, file: file!, ...curve }];
  });
}

function readCurve(file: string): Pick<Curve, "name" | "points"> | undefined {
  const lines = readFileSync(file, "utf8").split("\n").flatMap(parseLine);
  const names = Object.keys(lines[0] ?? {}).filter((key) => key !== "step");
  const name = names.includes("loss") ? "loss" : names[0];
  if (name === undefined) return undefined;
  const points = lines.flatMap((line): [number, number][] => (typeof line[name] === "number" ? [[line.step!, line[name]]] : []));
  return { name, points };
}

/** A line that a crash tore, or that is being written, counts as absent. */
function parseLine(text: string): Record<string, number>[] {
  try {
    const line = JSON.parse(text) as Record<string, number> | null;
    return typeof line?.step === "number" ? [line] : [];
  } catch {
    return [];
  }
}
