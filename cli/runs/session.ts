/** `earthcraft run`: recipe → plan → lock → ranks → schedule → result. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { type ResolvedRecipe, resolveRecipe } from "../config/recipe";
import { EXIT, UserError } from "../errors";
import type { Host } from "../host";
import { bunCommand, type Io } from "../io";
import { Cancelled, type CommonFlags, type RecipeRun } from "../plugin";
import { nativePath } from "../setup/native-path";
import type { Reporter } from "../ui/reporter";
import { bytes, duration } from "../ui/text";
import { InputHashes } from "./inputs";
import { lockRun } from "./lock";
import { peakMemory } from "./memory";
import { makePlan, type Plan, type PlannedStage } from "./plan";
import { RankPool } from "./rank-pool";
import { RunJournal, refuseOthers, runFolder } from "./run-folder";
import { type ScheduleResult, schedule } from "./schedule";
import { parseShard, selectStages } from "./select";
import { Interruption } from "./signals";
import { finishedRecord } from "./task";
import { newTrace } from "./trace";
import { follow, localDevice, worldOf } from "./world";

export interface Session {
  host: Host;
  io: Io;
  ui: Reporter;
  common: CommonFlags;
  /** The command line, for `run.json`. */
  command: readonly string[];
  version: string;
  result(value: unknown, text: string): void;
}

export const MAIN = join(dirname(import.meta.dir), "main.ts");

export function threadsOf(io: Io, asked: number | undefined): number {
  const told = asked ?? Number(io.env.OMP_NUM_THREADS ?? Number.NaN);
  return Number.isInteger(told) && told >= 1 ? told : availableParallelism();
}

/** @returns the native library's path where a stage needs it @throws UserError of exit 69 when there is none */
export function nativeLibrary(io: Io, needed: boolean): string | undefined {
  const library = needed ? nativePath(io.env) : undefined;
  if (needed && library === undefined)
    throw new UserError({ what: "the native library is not built yet", fix: "run: earthcraft setup", exit: EXIT.missing });
  return library;
}

export function makePool({ io, ui }: Session, inherit: readonly number[], library: string | undefined): RankPool {
  const env = { ...io.env, ...(library === undefined ? {} : { EARTHCRAFT_NATIVE: library }), ...newTrace(io) };
  return new RankPool({ command: bunCommand(MAIN), env, cwd: io.cwd, inherit, printed: (text) => ui.debug(text) });
}

const reportPath = (runDir: string) => join(runDir, "report", "index.html");

async function prepare(
  session: Session,
  request: RecipeRun,
): Promise<{ recipe: ResolvedRecipe; plan: Plan; stages: PlannedStage[]; hashes: InputHashes }> {
  const { host, io, common } = session;
  const where = { path: request.recipe, cwd: io.cwd };
  const asked = {
    ...where,
    ...(common.scale === undefined ? {} : { scale: common.scale }),
    ...(common.seed === undefined ? {} : { seed: common.seed }),
    set: common.set,
  };
  const recipe = await resolveRecipe(asked, host);
  const differs = common.scale !== undefined || common.seed !== undefined || common.set.length > 0;
  const plain = differs ? await resolveRecipe(where, host) : recipe;
  const runDir = runFolder(recipe, plain, io.cwd, common.out);
  refuseOthers(runDir, recipe);
  const hashes = new InputHashes(join(runDir, ".cache", "files.json"));
  const plan = await makePlan(recipe, runDir, hashes);
  return { recipe, plan, stages: selectStages(plan, request), hashes };
}

export async function runRecipe(session: Session, request: RecipeRun): Promise<void> {
  const { io, ui, common } = session;
  const shard = parseShard(request.shard);
  const { recipe, plan, stages, hashes } = await prepare(session, request);
  const shown = relative(io.cwd, plan.runDir).startsWith("..") ? plan.runDir : relative(io.cwd, plan.runDir);
  if (request.print === true) return printCommands(session, request, stages);
  const todo = stages.filter((stage) => finishedRecord(stage.dir, stage.key) === undefined);
  if (common.dryRun) return dryRun(session, shown, stages, todo);
  if (todo.length === 0) {
    if (session.host.hasReport && !existsSync(reportPath(plan.runDir))) await writeReport(session, plan.runDir);
    ui.info(`everything is done already: ${shown}`);
    return session.result({ ok: true, run: plan.runDir, ran: 0, skipped: stages.length, report: reportPath(plan.runDir) }, shown);
  }

  const world = worldOf(io.env);
  const follower = world !== undefined && world.rank > 0;
  const started = io.monotonic();
  const library = nativeLibrary(
    io,
    todo.some(({ stage }) => stage.native),
  );
  const lock = follower ? undefined : lockRun(plan.runDir, new Date(io.now()), shard);
  if (!follower) hashes.save();
  const pool = makePool(session, lock?.fds ?? [], library);
  using stop = new Interruption(
    (signal) => {
      ui.warn(`${signal === "SIGINT" ? "interrupted" : "asked to end"}: finishing this step and saving; once more to leave at once`);
      pool.cancel();
    },
    () => pool.kill(),
  );
  const device = localDevice(common.device ?? "cpu", world, io.env);
  const shared = { runner: pool, ui, device, threads: threadsOf(io, request.threads), stages, stopping: () => stop.stopping };
  try {
    if (follower) return await follow({ ...shared, runDir: plan.runDir, world });
    ui.info(`run: ${shown} (${stages.length} stages, ${stages.length - todo.length} done already)`);
    const outcome = await schedule({
      ...shared,
      plan,
      journal: new RunJournal(plan, recipe, { device, command: session.command, version: session.version, now: io.now }),
      monotonic: io.monotonic,
      ...(request.jobs === undefined ? {} : { jobs: request.jobs }),
      ...(shard === undefined ? {} : { shard }),
      ...(world === undefined ? {} : { world }),
      hasReport: session.host.hasReport,
    });
    conclude(session, plan.runDir, shown, outcome, (io.monotonic() - started) / 1000);
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    throw new UserError({ what: "interrupted", fix: "run the same command again to go on from here", exit: stop.exit }, { cause: error });
  } finally {
    await pool.close();
    lock?.release();
  }
}

/** The report alone, of a run in which somebody removed it. */
async function writeReport(session: Session, runDir: string): Promise<void> {
  const lock = lockRun(runDir, new Date(session.io.now()));
  const pool = makePool(session, lock.fds, undefined);
  try {
    await pool.report(runDir);
    session.ui.info(`report: ${reportPath(runDir)}`);
  } finally {
    await pool.close();
    lock.release();
  }
}

function conclude(
  { ui, result }: Session,
  runDir: string,
  shown: string,
  { ran, skipped, waiting, ...outcome }: ScheduleResult,
  seconds: number,
): void {
  const peakMemory_bytes = Math.max(outcome.peakMemory_bytes, peakMemory());
  ui.info(
    `${waiting ? "this shard is done" : "done"}: ${ran} stages in ${duration(seconds)}, ${skipped} were done already, peak memory ${bytes(peakMemory_bytes)}`,
  );
  result({ ok: true, run: runDir, ran, skipped, waiting, seconds, peakMemory_bytes, report: reportPath(runDir) }, shown);
}

function commandOf(session: Session, request: RecipeRun, stage: PlannedStage): string {
  const { common } = session;
  const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const flags = [
    ...(common.scale === undefined ? [] : ["--scale", common.scale]),
    ...(common.seed === undefined ? [] : ["--seed", String(common.seed)]),
    ...common.set.flatMap((set) => ["--set", set]),
    ...(common.device === undefined ? [] : ["--device", common.device]),
    ...(common.out === undefined ? [] : ["--out", common.out]),
  ];
  return ["earthcraft", "run", request.recipe, "--only", stage.id, ...flags].map(quote).join(" ");
}

function printCommands(session: Session, request: RecipeRun, stages: readonly PlannedStage[]): void {
  const commands = stages.map((stage) => commandOf(session, request, stage));
  session.result({ commands }, commands.join("\n"));
}

function dryRun(session: Session, shown: string, stages: readonly PlannedStage[], todo: readonly PlannedStage[]): void {
  const rows = stages.map((stage) => ({
    id: stage.id,
    stage: stage.stage.name,
    key: stage.key,
    status: todo.includes(stage) ? "would run" : "done",
    minutes: stage.minutes,
  }));
  const width = Math.max(...rows.map(({ id }) => id.length));
  const minutes = rows.filter(({ status }) => status === "would run").reduce((sum, row) => sum + row.minutes, 0);
  const lines = rows.map(
    ({ id, status, minutes }) => `${id.padEnd(width)}  ${status}${status === "done" ? "" : ` (about ${duration(minutes * 60)})`}`,
  );
  session.result({ run: shown, stages: rows, minutes }, [...lines, `into ${shown}, about ${duration(minutes * 60)}`].join("\n"));
}
