/** `kill -9` of the program or one of its ranks at moments that a seed chooses, over and over, until the work is through. */
import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { seeded } from "../seeded";
import { childrenOf, type Finished, isRunning, type Program, type Running, until } from "./program";

/** The machine may be busy. */
const PATIENCE_MS = 600_000;

type Victim = "program" | "rank 0" | "rank 1";

/** Kills, and waits until every process of the program has gone. */
async function kill(running: Running, victim: Victim): Promise<Finished> {
  const ranks = childrenOf(running.pid);
  const pid = victim === "program" ? running.pid : ranks.sort((a, b) => a - b)[Number(victim.slice(-1))];
  try {
    process.kill(pid ?? running.pid, "SIGKILL");
  } catch {} // it has just ended by itself
  const finished = await running.finished();
  await until(() => !ranks.some(isRunning), PATIENCE_MS);
  return finished;
}

export interface KilledTraining {
  /** Arguments of the run, `--out` and `-v` among them. */
  args: readonly string[];
  stage: string;
  /** Folder of the run, relative to the program's. */
  out: string;
  steps: number;
  checkpointEvery: number;
  ranks: number;
  kills: number;
  seed: number;
  say(line: string): void;
}

/** What one kill met and what the next start made of it; steps are counted from 1. */
export interface Kill {
  victim: Victim;
  /** Last step that was written down before the kill. */
  reached: number;
  resumedAt: number;
  code: number;
}

/**
 * Trains with `kills` kills, and then to the end.
 *
 * @returns the kills, and how the last start ended
 */
export async function trainUnderKills(program: Program, job: KilledTraining): Promise<{ kills: Kill[]; last: Finished }> {
  const random = seeded(job.seed);
  const targets = Array.from({ length: job.kills }, () => 1 + Math.floor(random() * (job.steps - 2))).sort((a, b) => a - b);
  const victims: readonly Victim[] = ["program", ...Array.from({ length: job.ranks }, (_, rank) => `rank ${rank}` as Victim)];
  const kills: Kill[] = [];
  let reached = 0;
  for (const [i, asked] of targets.entries()) {
    const target = Math.min(job.steps - 2, Math.max(asked, reached + 1)); // a kill that came late may have passed the next one's step
    const victim = victims[Math.floor(random() * victims.length)]!;
    const running = program.start(...job.args);
    await until(() => running.ended || stepsDone(program, job) >= target, PATIENCE_MS);
    if (running.ended) throw new Error(`ended before step ${target}:\n${(await running.finished()).stderr}`);
    const { stderr, code } = await kill(running, victim);
    if (kills.length > 0) kills.at(-1)!.resumedAt = resumedAt(stderr, job.stage);
    reached = stepsDone(program, job);
    kills.push({ victim, reached, resumedAt: Number.NaN, code });
    job.say(`seed ${job.seed}: kill ${i + 1} of ${job.kills}, of the ${victim}, asked for at step ${target}, met step ${reached} of ${job.steps}`);
  }
  const last = await program.run(...job.args);
  if (kills.length > 0) kills.at(-1)!.resumedAt = resumedAt(last.stderr, job.stage);
  job.say(`seed ${job.seed}: resumed at steps ${kills.map((kill) => kill.resumedAt).join(", ")}; the last start ended with ${last.code}`);
  return { kills, last };
}

/** More than a line of the log, and little enough to be read over and over. */
const TAIL_BYTES = 2000;

/** Steps that the training has logged (`logEvery: 1`). */
function stepsDone(program: Program, { out, stage }: KilledTraining): number {
  const log = join(program.dir, out, ".scratch", stage, "metrics.jsonl");
  if (!existsSync(log)) return 0;
  const whole = Bun.file(log);
  const end = Buffer.alloc(Math.min(TAIL_BYTES, whole.size));
  const descriptor = openSync(log, "r");
  readSync(descriptor, end, 0, end.length, whole.size - end.length);
  closeSync(descriptor);
  const last = end.toString().split("\n").at(-2); // what follows the last line's end may be torn
  return last === undefined ? 0 : Number(/^\{"step":(\d+)/.exec(last)?.[1] ?? Number.NaN) + 1;
}

/** Where a training said that it goes on from; 0 where it began anew. */
function resumedAt(stderr: string, stage: string): number {
  return Number(new RegExp(`^${stage}: going on from step (\\d+)$`, "m").exec(stderr)?.[1] ?? 0);
}

export interface KilledChain {
  /** Arguments of the run, `--out` and `--json` among them. */
  args: readonly string[];
  /** Folder of the run, relative to the program's. */
  out: string;
  /** Seconds that each stage takes when nothing happens to it. */
  seconds: Readonly<Record<string, number>>;
  /** The stages to kill in. */
  stages: readonly string[];
  seed: number;
  say(line: string): void;
}

/**
 * Runs a chain of stages with one kill in each of `stages`, and then to the end. A stage that was quicker than its kill is taken away and killed earlier the next time.
 *
 * @returns how the last start ended
 */
export async function runUnderKills(program: Program, { args, out, seconds, stages, seed, say }: KilledChain): Promise<Finished> {
  const random = seeded(seed);
  const left = new Map(stages.map((stage) => [stage, (random() * (seconds[stage] ?? 0)) / 2]));
  while (left.size > 0) {
    const running = program.start(...args);
    const [, stage] = await running.says(new RegExp(`"event":"stage-start","id":"(${[...left.keys()].join("|")})"`));
    const delay_s = left.get(stage!)!;
    const ended = () => running.ended || running.stderr.includes(`"event":"stage-end","id":"${stage}"`);
    const started = performance.now();
    await until(() => ended() || performance.now() - started >= 1000 * delay_s, PATIENCE_MS);
    const victim: Victim = random() < 0.5 && childrenOf(running.pid).length > 0 ? "rank 0" : "program";
    const finished = running.ended ? await running.finished() : await kill(running, victim);
    const late = finished.stderr.includes(`"event":"stage-end","id":"${stage}","status":"done"`);
    if (late) {
      rmSync(join(program.dir, out, stage!), { recursive: true, force: true });
      left.set(stage!, delay_s / 4);
    } else left.delete(stage!);
    say(`seed ${seed}: ${late ? "came too late for" : `killed the ${victim} ${delay_s.toFixed(2)} s into`} ${stage}`);
  }
  return program.run(...args);
}
