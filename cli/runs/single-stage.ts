/** One stage outside any recipe: `earthcraft sample --voxels FILE --out DIR`. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { contentHash } from "../config/hash";
import { mergeMaps } from "../config/node";
import { checkOptions, expectedMinutes } from "../config/options";
import { parseSet } from "../config/set";
import { parseYaml } from "../config/yaml";
import { EXIT, UserError } from "../errors";
import { Cancelled, type StageRequest } from "../plugin";
import { suggestion } from "../suggest";
import { Eta } from "./eta";
import { lockRun } from "./lock";
import { readStageRecord } from "./record";
import { makePool, nativeLibrary, type Session, threadsOf } from "./session";
import { Interruption } from "./signals";
import { StageProgress } from "./stage-progress";
import type { TaskSpec } from "./task";
import { deviceOf } from "./task-spec";

/** @throws UserError of exit 2 unless `dir` is new, or an earlier output of the same stage outside any run */
function refuseOthers(dir: string, stage: string): void {
  if (!existsSync(dir)) return;
  const earlier = readStageRecord(dir);
  const what =
    earlier === undefined
      ? "this folder exists and is no earlier output of earthcraft"
      : earlier.stage !== stage
        ? `this folder holds the outputs of the stage "${earlier.stage}"`
        : existsSync(join(dirname(dir), "run.json"))
          ? `this folder is the stage "${earlier.id}" of a run`
          : undefined;
  if (what !== undefined) throw new UserError({ what, where: dir, fix: "name another --out, or remove it", exit: EXIT.usage });
}

export async function runStage(session: Session, request: StageRequest): Promise<{ dir: string; metrics: Record<string, number> }> {
  const { host, io, ui, common } = session;
  const stage = await host.stage(request.stage);
  if (stage === undefined)
    throw new UserError({ what: `there is no stage "${request.stage}"`, fix: suggestion(request.stage, host.stageNames()), exit: EXIT.usage });
  const node = parseYaml(JSON.stringify(request.options ?? {}), stage.name, io.cwd);
  if (node.kind !== "map") throw new Error("options must be an object");
  const set = common.set.map((text) => parseSet(text, io.cwd));
  const { options } = checkOptions(stage, stage.name, mergeMaps(node, ...set), host.metricNames());
  const dir = resolve(io.cwd, request.out);
  refuseOthers(dir, stage.name);

  const needs = Object.entries(request.inputs ?? {}).flatMap(([name, folders]) =>
    [folders].flat().map((folder) => {
      const need = stage.needs?.find((candidate) => candidate.replace(/[?*]$/, "") === name);
      const from = resolve(io.cwd, folder);
      const record = readStageRecord(from);
      if (need === undefined)
        throw new UserError({ what: `the stage "${stage.name}" reads no "${name}"`, fix: suggestion(name, stage.needs ?? []), exit: EXIT.usage });
      if (record?.status !== "done") throw new UserError({ what: "this folder holds no finished outputs", where: from, exit: EXIT.badInput });
      return { need, id: record.id, dir: from, key: record.key };
    }),
  );
  const missing = (stage.needs ?? []).find((need) => !/[?*]$/.test(need) && !needs.some((bound) => bound.need === need));
  if (missing !== undefined) throw new UserError({ what: `the stage "${stage.name}" needs the outputs of "${missing}"`, exit: EXIT.usage });

  const work = `${dir}.work`;
  mkdirSync(work, { recursive: true });
  const seed = common.seed ?? 0;
  const spec: TaskSpec = {
    runDir: work,
    dir,
    id: stage.name,
    stage: stage.name,
    key: contentHash({ stage: stage.name, version: stage.version, options, seed, needs: needs.map(({ need, key }) => [need, key]) }),
    options,
    seed,
    needs,
    place: request.place === undefined ? "" : resolve(io.cwd, request.place),
    device: deviceOf(stage, common.device ?? "cpu"),
    threads: threadsOf(io, undefined),
    world: { rank: 0, size: 1 },
  };
  const library = nativeLibrary(io, stage.native);
  const lock = lockRun(work, new Date(io.now()));
  const pool = makePool(session, lock.fds, library);
  using stop = new Interruption(
    (signal) => {
      ui.warn(`${signal === "SIGINT" ? "interrupted" : "asked to end"}: finishing this step; once more to leave at once`);
      pool.cancel();
    },
    () => pool.kill(),
  );
  const view = { id: stage.name, title: stage.title, index: 1, count: 1, tasks: 1 };
  const started = io.monotonic();
  const seconds = () => (io.monotonic() - started) / 1000;
  ui.stageStart(view);
  using progress = new StageProgress(view, seconds, new Eta([{ id: stage.name, minutes: expectedMinutes(stage, options) }]), new Set(), ui);
  try {
    const events = {
      progress: (done: number, total: number, note?: string) => progress.task(undefined, done, total, note),
      log: (text: string) => ui.debug(text),
      warn: (text: string) => ui.warn(text),
    };
    const record = await pool.run(spec, events);
    ui.stageEnd(view, { status: "done", seconds: seconds(), peakMemory_bytes: record.peakMemory_bytes });
    rmSync(work, { recursive: true, force: true });
    return { dir, metrics: record.metrics };
  } catch (error) {
    const interrupted = error instanceof Cancelled;
    ui.stageEnd(view, { status: interrupted ? "interrupted" : "failed", seconds: seconds() });
    throw interrupted ? new UserError({ what: "interrupted", fix: "run the same command again to go on from here", exit: stop.exit }) : error;
  } finally {
    await pool.close();
    lock.release();
  }
}
