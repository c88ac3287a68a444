/**
 * The interface of a plugin: what `plugins/<name>/index.ts` exports, for built-in and third-party plugins alike.
 *
 * ```ts
 * export default definePlugin({ name: "dataset", summary: "…", commands: [placeMake], stages: [voxelize, () => import("./scene-stage").then((m) => m.scene)] });
 * ```
 *
 * A plugin's `index.ts` must be cheap to import: heavy work is imported inside `run`. After a change to commands, flags or stages: `bun cli/generate-manifests.ts`.
 */
import type { z } from "zod";
import { EXIT, UserError } from "./errors";
import type { Io } from "./io";
import type { Manifest } from "./manifest";
import type { Reporter } from "./ui/reporter";

export type { Io } from "./io";
export { type Run, type RunRecord, readRun, type StageRecord } from "./runs/record";
export type { Reporter } from "./ui/reporter";
export { EXIT, UserError };

// ---------------------------------------------------------------- stages

/** What an earlier stage left on disk. */
export interface StageInput {
  /** Name of the stage in the recipe: `sample-semantic`. */
  readonly id: string;
  /** Folder of its outputs, absolute. */
  readonly dir: string;
  /** Its items: of a `foreach` stage the ones it ran over, else the `items` it returned. */
  readonly items: readonly string[];
  /** Folder of one item of a `foreach` stage. */
  dirOf(item: string): string;
  /** What its `run` returned as metrics; for `foreach` stages the mean over items. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What the report shows of a stage. */
export interface ReportSection {
  title: string;
  /** One plain sentence: how good it is. */
  sentence: string;
  /** PNG or SVG files, relative to `task.out`. */
  figures?: { file: string; caption: string }[];
  /** `sentence`: how to read it, and how good it is. */
  tables?: { title: string; sentence?: string; columns: string[]; rows: (string | number)[][] }[];
  curves?: { title: string; x: string; y: string; series: { name: string; points: [number, number][] }[] }[];
  /** Numbers with their intervals as a chart with a line at 0; `points` are the parts that a number is the mean of, such as sites. `low` and `high` are NaN where there is no interval; `unsure` where it comes from so few that it is a hint at best. */
  intervals?: { title: string; x: string; rows: { name: string; value: number; low: number; high: number; points?: number[]; unsure?: boolean }[] }[];
  metrics?: Record<string, number>;
}

export type Device = "cpu" | `cuda:${number}`;

export interface StageTask<Options> {
  readonly options: Options;
  /** Name of this stage in the recipe: `sample-semantic` for an instance of `sample`. */
  readonly id: string;
  /** The item of a `foreach` stage. */
  readonly item?: string;
  readonly seed: number;
  /** An empty folder to write into; it is renamed into place when `run` resolves. */
  readonly out: string;
  /** A folder that survives interruption: checkpoints to resume from. Emptied when the stage's key changes, deleted once it is done. */
  readonly scratch: string;
  /** By the names of `needs`. A need written `name*` is missing here: see `inputsOf`. */
  readonly inputs: Readonly<Record<string, StageInput>>;
  /** All instances that a need bound to: several for `name*`, none for an absent `name?`. */
  inputsOf(need: string): readonly StageInput[];
  /** Absolute path of `place.yaml`. */
  readonly place: string;
  readonly device: Device;
  /** Threads to compute with. */
  readonly threads: number;
  /** Which rank of how many this process is, in a stage with `ranks`. Only rank 0's `out` is kept. */
  readonly world: { readonly rank: number; readonly size: number };
  progress(done: number, total: number, note?: string): void;
  log(text: string): void;
  warn(text: string): void;
  /** True after the first Ctrl-C: save a checkpoint into `scratch` and throw `new Cancelled()` (or return early by `task.stopIfCancelled()`). Cheap: look at it every step. */
  readonly cancelled: boolean;
  /** Throws `Cancelled` when the user wants to stop. */
  stopIfCancelled(): void;
  /** A metric by its name, of whatever plugin. */
  metric(name: string): Promise<Metric>;
  /** Add to what the report shows of this stage. */
  section(section: ReportSection): void;
}

/** Thrown by a stage that stops because `task.cancelled` turned true. */
export class Cancelled extends Error {
  constructor() {
    super("interrupted");
    this.name = "Cancelled";
  }
}

export interface StageResult {
  /** Names that later `foreach` stages run over: letters, digits, `.`, `_`, `-`. */
  items?: readonly string[];
  metrics?: Record<string, number>;
}

export interface StageDefinition<S extends z.ZodObject> {
  /** Name in recipes: lower-case words joined by `-`. */
  readonly name: string;
  /** Raise it when the same options give other bytes. */
  readonly version: number;
  readonly title: string;
  /** Recipe keys of this stage, all with defaults: `z.strictObject({ … })`. */
  readonly options: S;
  /** Options that change how fast or how talkative the stage is, but not its output; they stay out of its key. */
  readonly idleOptions?: readonly (keyof z.output<S> & string)[];
  /** Stages whose outputs it reads: `name` = the nearest such stage before it, `name?` = if there is one, `name*` = all of them. */
  readonly needs?: readonly string[];
  /** One task an item, e.g. "site"; items come from `itemsOf`. */
  readonly foreach?: string;
  /** The need whose items a `foreach` stage runs over; the first of `needs` unless told. */
  readonly itemsOf?: string;
  /** Uses the tensor library. */
  readonly native: boolean;
  /** Computes on the GPU that `--device` names; a stage that does not say so stays on the processor. */
  readonly gpu?: boolean;
  /** Tasks of a `foreach` stage run beside each other with one thread each ("items", the default) or one after the other with all threads. */
  readonly parallel?: "items" | "threads";
  /** Data-parallel processes that run one task together. */
  ranks?(options: z.output<S>): number;
  /** Expected minutes on a 2-core machine at `mini` scale, for the ETA; a function of the options where these decide. A recipe's `minutes` wins. */
  readonly minutes?: number | ((options: z.output<S>) => number);
  /** Other names that recipes may use. */
  readonly aliases?: readonly string[];
  run(task: StageTask<z.output<S>>): Promise<StageResult>;
}

/** A stage as the host holds it, its options' type forgotten. */
export type Stage = StageDefinition<z.ZodObject>;

export function defineStage<S extends z.ZodObject>(definition: StageDefinition<S>): Stage {
  return definition as unknown as Stage;
}

/** A recipe key that names a file or folder of the user's: made absolute, and its content (not its path) enters the stage's key. */
export function fileOption(): z.ZodString {
  return stringOf("file");
}

/** A recipe key that names a metric: one that no plugin has is refused before anything runs. */
export function metricOption(): z.ZodString {
  return stringOf("metric");
}

function stringOf(earthcraft: "file" | "metric"): z.ZodString {
  // Loaded where options are defined, not by `runs ls` or a shell that completes. By its path: plugins of others get "zod" from us.
  const { z } = require(Bun.resolveSync("zod", import.meta.dir)) as typeof import("zod");
  return z.string().meta({ earthcraft });
}

// ---------------------------------------------------------------- commands

/** What Tab offers for a value: files or folders of a kind, the names of stages, or these words. */
export type Completes = "recipe" | "run" | "file" | "folder" | "stage" | readonly string[];

export interface Argument {
  readonly summary: string;
  readonly kind?: "required" | "optional" | "variadic";
  /** All it may be; anything else is refused. */
  readonly choices?: readonly string[];
  /** What Tab offers where there are no `choices`. */
  readonly completes?: Completes;
}

export interface Flag {
  /** `path` is made absolute; `list` may be given several times. */
  readonly kind: "string" | "integer" | "number" | "boolean" | "path" | "list";
  readonly summary: string;
  /** Placeholder in help: `--until STAGE`. */
  readonly value?: string;
  readonly default?: string | number;
  readonly choices?: readonly string[];
  /** What Tab offers where there are no `choices`; files for a `path` unless told. */
  readonly completes?: Completes;
}

type Scalar<F extends Flag> = F["kind"] extends "integer" | "number" ? number : F extends { choices: readonly (infer C)[] } ? C : string;
type FlagValue<F extends Flag> = F["kind"] extends "boolean"
  ? boolean
  : F["kind"] extends "list"
    ? readonly string[]
    : F extends { default: string | number }
      ? Scalar<F>
      : Scalar<F> | undefined;
type Word<A extends Argument> = A extends { choices: readonly (infer C)[] } ? C : string;
type ArgumentValue<A extends Argument> = A extends { kind: "variadic" }
  ? readonly Word<A>[]
  : A extends { kind: "optional" }
    ? Word<A> | undefined
    : Word<A>;

/** Flags that several commands share; a command lists those it honours in `accepts`. */
export interface CommonFlags {
  readonly seed?: number;
  readonly device?: Device;
  readonly out?: string;
  readonly dryRun: boolean;
  readonly scale?: string;
  /** `a.b=value`, in the order given. */
  readonly set: readonly string[];
}
export type CommonFlagName = keyof CommonFlags;

export interface CommandContext<
  A extends Record<string, Argument> = Record<string, Argument>,
  F extends Record<string, Flag> = Record<string, Flag>,
> {
  readonly args: { readonly [K in keyof A]: ArgumentValue<A[K]> };
  readonly flags: { readonly [K in keyof F]: FlagValue<F[K]> };
  readonly common: CommonFlags;
  readonly io: Io;
  readonly ui: Reporter;
  readonly output: { readonly json: boolean; readonly quiet: boolean; readonly verbose: boolean };
  readonly plugins: InstalledPlugins;
  /** The result, once, on stdout: `value` under `--json`, else `text` (nothing when empty). */
  result(value: unknown, text: string): void;
  /** `earthcraft run RECIPE …` with this command's common flags. */
  runRecipe(request: RecipeRun): Promise<void>;
  /** One stage by itself, outside a recipe, in a rank process: `sample --voxels FILE --out DIR`. */
  runStage(request: StageRequest): Promise<{ dir: string; metrics: Record<string, number> }>;
}

/** What is installed: built-in plugins and those that the user's configuration names. */
export interface InstalledPlugins {
  /** Commands and stages by name and summary, without a plugin's code. */
  readonly manifests: readonly Manifest[];
  /** Names and aliases. */
  stageNames(): string[];
  /** Loads the plugin that has it; undefined when none does. */
  stage(name: string): Promise<Stage | undefined>;
  metricNames(): string[];
}

/** What `earthcraft run` is asked for, beside the common flags. */
export interface RecipeRun {
  recipe: string;
  /** Run all stages up to this one. */
  until?: string;
  /** Run these stages and what they read. */
  only?: readonly string[];
  /** Tasks of a `foreach` stage at a time. */
  jobs?: number;
  threads?: number;
  /** `2/3`: the second third of every `foreach` stage's items. */
  shard?: string;
  /** Print the command of each stage instead of running it. */
  print?: boolean;
}

export interface StageRequest {
  stage: string;
  /** As in a recipe; checked against the stage's schema. */
  options?: Record<string, unknown>;
  /** Folders of earlier stages' outputs (each holds a `stage.json`), by the names of `needs`. */
  inputs?: Readonly<Record<string, string | readonly string[]>>;
  place?: string;
  /** Where the outputs go; replaced when it is an earlier output of the same stage. */
  out: string;
}

export interface CommandDefinition<A extends Record<string, Argument>, F extends Record<string, Flag>> {
  /** Words of the command line: `dataset place make`. */
  readonly name: string;
  readonly summary: string;
  readonly args?: A;
  /** Keys in camelCase: `dryRun` is `--dry-run`. */
  readonly flags?: F;
  readonly accepts?: readonly CommonFlagName[];
  readonly examples?: readonly string[];
  run(context: CommandContext<A, F>): Promise<void>;
}

export type Command = CommandDefinition<Record<string, Argument>, Record<string, Flag>>;

export function defineCommand<
  const A extends Record<string, Argument> = Record<never, Argument>,
  const F extends Record<string, Flag> = Record<never, Flag>,
>(definition: CommandDefinition<A, F>): Command {
  return definition as unknown as Command;
}

export interface RunCommandDefinition {
  readonly name: string;
  readonly summary: string;
  /** Stop after this stage. */
  readonly until?: string;
  /** A first argument that names what to run: the word on the command line → a stage; `all` runs each. */
  readonly pick?: { readonly argument: string; readonly summary: string; readonly stages: Readonly<Record<string, string>> };
  readonly examples?: readonly string[];
}

/** A command that is `earthcraft run RECIPE` by another name: `dataset build R` = `run R --until split`, `train texvae R` = `run R --only train-texvae`. */
export function defineRunCommand({ name, summary, until, pick, examples }: RunCommandDefinition): Command {
  return defineCommand({
    name,
    summary,
    args: {
      ...(pick === undefined ? {} : { [pick.argument]: { summary: pick.summary, choices: [...Object.keys(pick.stages), "all"] } }),
      recipe: { summary: "recipe file (.yaml)", completes: "recipe" },
    },
    accepts: ["seed", "device", "out", "dryRun", "scale", "set"],
    ...(examples === undefined ? {} : { examples }),
    async run({ args, runRecipe }) {
      const word = pick === undefined ? undefined : (args as Record<string, string>)[pick.argument]!;
      const only = pick === undefined ? undefined : word === "all" ? Object.values(pick.stages) : [pick.stages[word!]!];
      await runRecipe({ recipe: args.recipe, ...(until === undefined ? {} : { until }), ...(only === undefined ? {} : { only }) });
    },
  });
}

// ---------------------------------------------------------------- metrics

/** A window of voxels: cells with x east, y north, z up, all from 0 to below `extent`, and what colour each has. */
export interface VoxelWindow {
  /** [N, 3]. */
  readonly coords: Int32Array;
  /** [N, 3] sRGB. */
  readonly rgb: Uint8Array;
}

/** What a metric is asked about: one held-out crop as the models drew it, beside its truth. */
export interface ScoredCrop {
  readonly crop: string;
  /** What the models were told: `own map`, `nothing`, … */
  readonly condition: string;
  /** Cells along the window's edge, and how long one is. */
  readonly extent: number;
  readonly voxel_m: number;
  /** Class ids (Table 13) of the crop's own map: [extent, extent], the first row in the north. */
  readonly map: Uint8Array;
  readonly truth: VoxelWindow;
  readonly drawn: VoxelWindow;
}

/** A measure that recipes name (`evaluate: { metrics: [height_error_m] }`). */
export interface Metric {
  /** Lower-case words joined by `_`, the unit last; with the condition's name it is the key in `summary.json`: `height_error_m_own_map`. */
  readonly name: string;
  /** In a few words, as the heading of a column. */
  readonly title: string;
  /** @returns NaN where it can say nothing of a crop: the mean leaves that crop out */
  measure(crop: ScoredCrop): number | Promise<number>;
}

export function defineMetric(metric: Metric): Metric {
  return metric;
}

// ---------------------------------------------------------------- plugins

export interface PluginDefinition {
  readonly name: string;
  readonly summary: string;
  readonly commands?: readonly Command[];
  /** A stage, or a function that imports it when a recipe is planned. */
  readonly stages?: readonly (Stage | (() => Promise<Stage>))[];
  /** A metric, or a function that imports it when it is asked for. */
  readonly metrics?: readonly (Metric | (() => Promise<Metric>))[];
  /** Writes `<runDir>/report/index.html` and `summary.json`; called after every stage in a process of its own. `readRun(runDir)` gives what it needs. */
  report?(runDir: string): Promise<void>;
}

export function definePlugin(definition: PluginDefinition): PluginDefinition {
  return definition;
}
