/** `runs/<recipe>`, what it is called, and its `run.json`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { contentHash } from "../config/hash";
import type { ResolvedRecipe } from "../config/recipe";
import { type ErrorRecord, EXIT, UserError } from "../errors";
import { writeFileAtomically } from "./files";
import type { Plan } from "./plan";
import type { RunRecord, StageStatus } from "./record";

/** `runs/<recipe>`, or `runs/<recipe>@<place>-<hash6>` where scale, place, seed or a `--set` makes it differ from the recipe as it stands. */
export function runFolder(recipe: ResolvedRecipe, plain: ResolvedRecipe, cwd: string, out: string | undefined): string {
  if (out !== undefined) return resolve(cwd, out);
  const suffix = recipe.hash === plain.hash ? "" : `@${recipe.placeLabel}-${contentHash(recipe.value.variants).slice(0, 6)}`;
  return resolve(cwd, "runs", `${recipe.name}${suffix}`);
}

/** What a run folder may hold before its `run.json` is there: half-written ones too, of a process that writes it now or was killed over it. */
const BEFORE_THE_RECORD = /^(\.(lock|cache|tmp|scratch|trash)|run\.json\.tmp-\d+$)/;

/**
 * Stages are written over what lies under their names, so a run goes only into an empty folder or into its own.
 *
 * @throws UserError of exit 2 when the folder holds another recipe's run, or files that are no run
 */
export function refuseOthers(runDir: string, recipe: ResolvedRecipe): void {
  const file = join(runDir, "run.json");
  const there = statSync(runDir, { throwIfNoEntry: false });
  if (there?.isDirectory() === false)
    throw new UserError({ what: "this is a file, not a folder", where: runDir, fix: "name a folder with --out", exit: EXIT.usage });
  // One look: another rank may be writing the record.
  const names = there === undefined ? [] : readdirSync(runDir);
  if (!names.includes("run.json")) {
    const stray = names.find((name) => !BEFORE_THE_RECORD.test(name));
    if (stray === undefined) return;
    throw new UserError({
      what: `this folder is no run of earthcraft: it holds ${stray}`,
      where: runDir,
      fix: "name an empty or a new folder with --out",
      exit: EXIT.usage,
    });
  }
  const owner = ownerOf(file);
  if (owner === undefined || owner.hash === recipe.hash || owner.recipe === recipe.path) return;
  const moved = basename(owner.recipe) === basename(recipe.path) && !existsSync(owner.recipe);
  if (moved) return;
  throw new UserError({
    what: `this folder holds the run of another recipe, ${owner.recipe}`,
    where: runDir,
    fix: "name another folder with --out, or remove this one",
    exit: EXIT.usage,
  });
}

/** Which recipe a folder belongs to; undefined where its record is torn: the next run writes it anew. */
function ownerOf(file: string): Pick<RunRecord, "recipe" | "hash"> | undefined {
  try {
    const { recipe, hash } = JSON.parse(readFileSync(file, "utf8")) as Partial<RunRecord>;
    return typeof recipe === "string" && typeof hash === "string" ? { recipe, hash } : undefined;
  } catch {
    return undefined;
  }
}

export interface RunFacts {
  device: string;
  command: readonly string[];
  version: string;
  now(): number;
}

/** Keeps `run.json` up to date. */
export class RunJournal {
  readonly record: RunRecord;
  readonly #started: number;

  constructor(
    readonly plan: Plan,
    recipe: ResolvedRecipe,
    readonly facts: RunFacts,
  ) {
    this.#started = facts.now();
    const place = recipe.variants[0]?.placeFile;
    this.record = {
      schema: "earthcraft/run@1",
      title: recipe.title,
      recipe: recipe.path,
      resolved: recipe.value,
      hash: recipe.hash,
      ...(recipe.scale === undefined ? {} : { scale: recipe.scale }),
      seed: recipe.seed,
      ...(place === undefined ? {} : { place }),
      device: facts.device,
      command: [...facts.command],
      version: facts.version,
      started: new Date(this.#started).toISOString(),
      updated: "",
      seconds: 0,
      peakMemory_bytes: 0,
      stages: plan.stages.map(({ id, stage, dir, key, variant }) => ({
        id,
        stage: stage.name,
        title: stage.title,
        dir: relative(plan.runDir, dir),
        status: "waiting",
        key,
        ...(variant === undefined ? {} : { variant }),
      })),
    };
  }

  set(id: string, status: StageStatus["status"], more: { seconds?: number; peakMemory_bytes?: number; error?: ErrorRecord } = {}): void {
    const stage = this.record.stages.find((candidate) => candidate.id === id)!;
    Object.assign(stage, { status, ...more });
    this.record.peakMemory_bytes = Math.max(this.record.peakMemory_bytes, more.peakMemory_bytes ?? 0);
  }

  write(): void {
    const now = this.facts.now();
    this.record.updated = new Date(now).toISOString();
    this.record.seconds = (now - this.#started) / 1000;
    mkdirSync(this.plan.runDir, { recursive: true });
    writeFileAtomically(join(this.plan.runDir, "run.json"), `${JSON.stringify(this.record, null, 2)}\n`);
  }
}
