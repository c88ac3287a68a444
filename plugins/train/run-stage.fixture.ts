/** Runs a stage as the host would, without the host: what tests of stages call, and, as a program, one rank of several. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ReportSection, Stage, StageInput, StageTask } from "../../cli/plugin";
import { trainStructvae } from "./stages/train-structvae";

export interface Ran {
  metrics: Record<string, number>;
  section: ReportSection;
  dir: string;
}

export interface StageRun {
  root: string;
  /** Folder of each stage that others may need. */
  dirs: Record<string, string>;
  name?: string;
  /** As if the user pressed Ctrl-C after so many units of progress. */
  stopAfter?: number;
  world?: { rank: number; size: number };
  /** The caller chooses it for new tensors too (`useDevice`). */
  device?: StageTask<unknown>["device"];
  onProgress?: () => void;
}

/** `out` is empty at the start, `scratch` stays. */
export async function runStage(
  stage: Stage,
  options: unknown,
  { root, dirs, name = stage.name, stopAfter = Number.POSITIVE_INFINITY, world = { rank: 0, size: 1 }, device = "cpu", onProgress }: StageRun,
): Promise<Ran> {
  const [out, scratch] = [join(root, world.rank === 0 ? name : `${name}.${world.rank}`), join(root, `${name}.scratch`)];
  rmSync(out, { recursive: true, force: true });
  for (const dir of [out, scratch]) mkdirSync(dir, { recursive: true });
  const sections: ReportSection[] = [];
  let done = 0;
  const input = (id: string): StageInput => ({ id, dir: dirs[id]!, items: [], dirOf: (item) => join(dirs[id]!, item), metrics: {} });
  const task: StageTask<Record<string, unknown>> = {
    ...{ options: stage.options.parse(options), id: name, seed: 3, out, scratch, place: "", device, threads: 1, world },
    inputs: Object.fromEntries((stage.needs ?? []).map((need) => [need, input(need)])),
    inputsOf: () => [],
    progress: (value) => {
      done = value;
      onProgress?.();
    },
    log: () => {},
    warn: () => {},
    get cancelled() {
      return done >= stopAfter;
    },
    stopIfCancelled: () => {},
    metric: (metric) => Promise.reject(new Error(`no metric ${metric} here`)),
    section: (section) => sections.push(section),
  };
  const { metrics } = await stage.run(task);
  for (const { file } of sections[0]?.figures ?? [])
    if (!existsSync(join(out, file))) throw new Error(`${name} names a picture ${file} that it did not make`);
  return { metrics: metrics ?? {}, section: sections[0]!, dir: out };
}

if (import.meta.main) {
  const [root, split, options] = process.argv.slice(2) as [string, string, string];
  const world = { rank: Number(process.env.RANK), size: Number(process.env.WORLD_SIZE) };
  await runStage(trainStructvae, JSON.parse(options), { root, dirs: { split }, name: "ranks", world });
}
