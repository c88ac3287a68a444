/**
 * What a training step of the quickstart's ClassSFM is made of: calls, time in JavaScript, time in the library, what the GPU itself takes.
 *
 * The stage runs as it is; its classes' methods are wrapped from outside. The steps fall into four parts: as they are; counted; counted, with a wait for
 * the GPU at the end of every phase; and phases that queue up behind a long matrix product, so that the GPU then works through them without waiting for
 * calls: what that takes is the GPU's own time.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Cancelled, type StageTask } from "../../../cli/plugin";
import { AdamW, Arena, Module, scope, synchronize, Tensor, useDevice } from "../../../ffi";
import { loadNative } from "../../../ffi/load";
import { Operator } from "../../../ffi/operator";
import { SparseIndex } from "../../../ffi/sparse";
import { Classsfm } from "../../../plugins/models/api";
import { StructCondNet } from "../../../plugins/models/conditions/struct-cond-net";
import { CropSource } from "../../../plugins/train/crops";
import { runStage } from "../../../plugins/train/run-stage.fixture";
import { trainClasssfm } from "../../../plugins/train/stages/train-classsfm";
import { median } from "./table";

/** Steps of every part; the first ones warm up. */
const [WARM, PLAIN, COUNTED, WAITED, QUEUED] = [8, 12, 10, 10, 3];
/** What a phase's calls should be made in. */
const PLUG_MS = 120;

type Part = "warm" | "plain" | "counted" | "waited" | "queued";
function partOf(step: number): Part {
  let left = step;
  for (const [part, steps] of [
    ["warm", WARM],
    ["plain", PLAIN],
    ["counted", COUNTED],
    ["waited", WAITED],
  ] as const) {
    if (left < steps) return part;
    left -= steps;
  }
  return "queued";
}

interface Phase {
  calls: number;
  /** Milliseconds, without the phases inside. */
  total: number;
  native: number;
}

interface Queued {
  host: number;
  gpu: number;
  /** The host was not done when the long product ended: `gpu` holds waits. */
  late: boolean;
}

const REST = "conditions, noise, loss and the rest";

class Profile {
  part: Part = "warm";
  readonly phases: Record<"counted" | "waited", Map<string, Phase>> = { counted: new Map(), waited: new Map() };
  readonly queued = new Map<string, Queued[]>();
  /** By an operator's number or an export's name. */
  readonly calls = new Map<number | string, { calls: number; ms: number }>();
  #stack: { name: string; inside: number }[] = [{ name: REST, inside: 0 }];
  plug: { run: () => void; ms: number } | undefined;

  constructor(readonly device: string) {}

  phase(name: string): Phase | undefined {
    if (this.part !== "counted" && this.part !== "waited") return undefined;
    const phases = this.phases[this.part];
    const phase = phases.get(name) ?? { calls: 0, total: 0, native: 0 };
    phases.set(name, phase);
    return phase;
  }

  /** Runs a phase's code, which may hold other phases. */
  run<T>(name: string, body: () => T, queueable: boolean): T {
    if (this.part === "queued" && queueable && this.#stack.length === 1 && this.plug) return this.#behindPlug(name, body);
    if (this.part !== "counted" && this.part !== "waited") return body();
    const begin = performance.now();
    this.#stack.push({ name, inside: 0 });
    try {
      const result = body();
      if (this.part === "waited") synchronize(this.device);
      return result;
    } finally {
      const { inside } = this.#stack.pop()!;
      const took = performance.now() - begin;
      const phase = this.phase(name)!;
      phase.total += took - inside;
      ++phase.calls;
      this.#stack.at(-1)!.inside += took;
    }
  }

  #behindPlug<T>(name: string, body: () => T): T {
    const plug = this.plug!;
    synchronize(this.device);
    const begin = performance.now();
    plug.run();
    const start = performance.now();
    this.#stack.push({ name, inside: 0 });
    try {
      return body();
    } finally {
      this.#stack.pop();
      const host = performance.now() - start;
      const late = performance.now() - begin > plug.ms;
      synchronize(this.device);
      const gpu = performance.now() - begin - plug.ms;
      this.queued.set(name, [...(this.queued.get(name) ?? []), { host, gpu, late }]);
    }
  }

  /** Of a call of the library, wherever it is made. None is made inside another. */
  native<T>(key: number | string, body: () => T): T {
    if (this.part !== "counted" && this.part !== "waited") return body();
    const begin = performance.now();
    const result = body();
    const took = performance.now() - begin;
    this.phase(this.#stack.at(-1)!.name)!.native += took;
    if (this.part === "counted") {
      const { calls, ms } = this.calls.get(key) ?? { calls: 0, ms: 0 };
      this.calls.set(key, { calls: calls + 1, ms: ms + took });
    }
    return result;
  }

  /** A step is over; `took` is all of it. */
  step(took: number): void {
    const top = this.#stack[0]!;
    const phase = this.phase(REST);
    if (phase) {
      phase.total += took - top.inside;
      ++phase.calls;
    }
    top.inside = 0;
  }
}

type Methods = Record<string, (...args: unknown[]) => unknown>;

function wrap(profile: Profile, owner: object, method: string, name: string, queueable = false): void {
  const methods = owner as Methods;
  const original = methods[method]!;
  methods[method] = function (this: unknown, ...args: unknown[]) {
    return profile.run(name, () => original.apply(this, args), queueable);
  };
}

function instrument(profile: Profile): void {
  wrap(profile, CropSource.prototype, "draw", "crops");
  wrap(profile, StructCondNet.prototype, "forward", "condition's net, forward", true);
  wrap(profile, Classsfm.prototype, "forward", "the model, forward", true);
  wrap(profile, Tensor.prototype, "backward", "backward", true);
  wrap(profile, Tensor.prototype, "item", "reading the losses");
  wrap(profile, AdamW.prototype, "step", "AdamW");
  wrap(profile, Module.prototype, "zeroGrad", "dropping gradients");
  wrap(profile, SparseIndex, "of", "maps of voxels");
  for (const method of ["windows", "scenes", "submanifold", "strided", "coarser", "refined", "lookup"])
    wrap(profile, SparseIndex.prototype, method, "maps of voxels");
  wrap(profile, Tensor, "from", "tensors from arrays");
  const calls = loadNative().call as unknown as Methods;
  for (const name of Object.keys(calls)) {
    const original = calls[name]!;
    calls[name] =
      name === "ec_call"
        ? (number, count) => profile.native(number as number, () => original(number, count))
        : (...args) => profile.native(name, () => original(...args));
  }
}

/** A matrix product that takes as long as a phase's calls, and how long. */
function plugOf(arena: Arena, device: string): { run: () => void; ms: number } {
  const size = device === "cpu" || process.env.EARTHCRAFT_NATIVE_CUDA ? 64 : 8192;
  const a = arena.run(() => Tensor.ones([size, size], { device }));
  const times = (count: number) =>
    scope(() => {
      for (let i = 0; i < count; ++i) a.matmul(a);
    });
  const timed = (count: number) => {
    synchronize(device);
    const begin = performance.now();
    times(count);
    synchronize(device);
    return performance.now() - begin;
  };
  timed(1);
  const count = Math.max(1, Math.min(40, Math.ceil(PLUG_MS / timed(1))));
  const ms = median([timed(count), timed(count), timed(count)]);
  return { run: () => times(count), ms };
}

export interface StepOptions {
  /** A run of the quickstart that got to its split. */
  data: string;
  device: string;
  /** When it must be over, as `performance.now()` counts. */
  until: number;
  scratch: string;
}

interface RunRecord {
  resolved: { variants: { stages: { id: string; options: Record<string, unknown> }[] }[] };
}

/** @returns the breakdown in markdown */
export async function profileStep({ data, device, until, scratch }: StepOptions): Promise<string> {
  if (!existsSync(join(data, "split", "split.json"))) return `no ${data}/split: data.log says why\n`;
  const record = JSON.parse(readFileSync(join(data, "run.json"), "utf8")) as RunRecord;
  const { options } = record.resolved.variants[0]!.stages.find(({ id }) => id === "train-classsfm")!;
  useDevice(device);
  const profile = new Profile(device);
  instrument(profile);
  const arena = new Arena("plug");
  const whole: Record<Part, number[]> = { warm: [], plain: [], counted: [], waited: [], queued: [] };
  let [step, last] = [0, performance.now()];
  const enough = WARM + PLAIN + COUNTED + WAITED + QUEUED;
  try {
    await runStage(trainClasssfm, options, {
      ...{ root: scratch, dirs: { split: join(data, "split") }, device: device as StageTask<unknown>["device"], stopAfter: enough },
      onProgress: () => {
        synchronize(device);
        const now = performance.now();
        whole[profile.part].push(now - last);
        profile.step(now - last);
        profile.part = partOf(++step);
        if (profile.part === "queued") profile.plug ??= plugOf(arena, device);
        if (now > until) throw new Cancelled();
        last = performance.now();
      },
    });
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
  }
  arena.dispose();
  return told(profile, whole, options);
}

function told(profile: Profile, whole: Record<Part, number[]>, options: Record<string, unknown>): string {
  const { batch } = options.training as { batch: number };
  const ms = (value: number) => value.toFixed(1);
  const [counted, waited] = [whole.counted.length, whole.waited.length];
  const nothing: Phase = { calls: 0, total: 0, native: 0 };
  const rows = [...profile.phases.counted].sort(([, a], [, b]) => b.total - a.total);
  const table = rows.map(([name, { calls, total, native }]) => {
    const apart = profile.phases.waited.get(name) ?? nothing;
    const queued = profile.queued.get(name) ?? [];
    const gpu =
      queued.length === 0 ? "" : `${ms((calls / counted) * median(queued.map((q) => q.gpu)))}${queued.some((q) => q.late) ? " at most" : ""}`;
    return [
      name,
      (calls / counted).toFixed(1),
      ms(total / counted),
      ms((total - native) / counted),
      ms(native / counted),
      ms(apart.total / waited),
      gpu,
    ];
  });
  const sum = (of: Map<string, Phase>, what: keyof Phase) => [...of.values()].reduce((all, phase) => all + phase[what], 0);
  table.push([
    ...["all", "", ms(sum(profile.phases.counted, "total") / counted)],
    ms((sum(profile.phases.counted, "total") - sum(profile.phases.counted, "native")) / counted),
    ...[ms(sum(profile.phases.counted, "native") / counted), ms(sum(profile.phases.waited, "total") / waited), ""],
  ]);
  const names = new Map([...Operator.all.values()].map(({ number, name }) => [number, name]));
  const calls = [...profile.calls]
    .map(([key, entry]) => ({ name: typeof key === "number" ? (names.get(key) ?? String(key)) : key, operator: typeof key === "number", ...entry }))
    .sort((a, b) => b.ms - a.ms);
  const perStep = (some: typeof calls) => some.reduce((all, { calls }) => all + calls, 0) / counted;
  const said = [
    `ClassSFM at mini size, ${batch} crops a step: ${ms(median(whole.plain))} ms a step as it is, ${ms(median(whole.counted))} counted, ${ms(median(whole.waited))} with a wait after every phase`,
    `${perStep(calls.filter(({ operator }) => operator)).toFixed(0)} operators called a step from JavaScript (each may launch several kernels, and backward's are not among them), ${perStep(calls).toFixed(0)} calls of the library`,
    `the long product in front of a queued phase takes ${ms(profile.plug?.ms ?? 0)} ms`,
  ];
  const text = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  const head = ["phase, without those inside", "times a step", "ms", "of it JavaScript", "of it the library", "ms, waited for", "GPU alone, ms"];
  return [
    ...said.map((line) => `- ${line}.`),
    "",
    text(head),
    text(head.map(() => "---")),
    ...table.map(text),
    "",
    text(["call", "times a step", "ms a step", "µs a call"]),
    text(["---", "---", "---", "---"]),
    ...calls
      .slice(0, 24)
      .map(({ name, calls, ms }) => text([name, (calls / counted).toFixed(1), (ms / counted).toFixed(2), ((1e3 * ms) / calls).toFixed(1)])),
    "",
  ].join("\n");
}
