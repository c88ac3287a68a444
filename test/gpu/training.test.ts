/** The five trainings at the mini models' size on a GPU beside the CPU, step by step, and one that is stopped and resumed. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancelled, type Stage } from "../../cli/plugin";
import { useDevice } from "../../ffi";
import { classsfmScales } from "../../plugins/models/classsfm/config";
import { latentsfmScales } from "../../plugins/models/latentsfm/config";
import { structvaeScales } from "../../plugins/models/structvae/config";
import { texfmScales } from "../../plugins/models/texfm/config";
import { texvaeScales } from "../../plugins/models/texvae/config";
import { type Ran, runStage } from "../../plugins/train/run-stage.fixture";
import { encodeLatents } from "../../plugins/train/stages/encode-latents";
import { trainClasssfm } from "../../plugins/train/stages/train-classsfm";
import { trainLatentsfm } from "../../plugins/train/stages/train-latentsfm";
import { trainStructvae } from "../../plugins/train/stages/train-structvae";
import { trainTexfm } from "../../plugins/train/stages/train-texfm";
import { trainTexvae } from "../../plugins/train/stages/train-texvae";
import { CELLS, writeTown } from "../../plugins/train/town.fixture";
import { skipUnless } from "../skip";
import { gpuName, isEmulated, noGpu } from "./gpu";

const STEPS = 6;
/** Of the first loss, its parts and the gradient's norm: sums in another order. Then training drives both apart. */
const FIRST = 2e-4;
const LAST = 3e-2;
/** bf16 beside f32, of the first loss. */
const HALF = 3e-2;

const onGpu = skipUnless(gpuName, noGpu);
const root = mkdtempSync(join(tmpdir(), "earthcraft-gpu-"));
const dirs: Record<string, string> = {};
if (gpuName) useDevice("cuda:0"); // before the first gradient on the CPU
beforeAll(() => {
  dirs.split = writeTown(root);
});
afterAll(() => rmSync(root, { recursive: true }));

const training = (steps = STEPS) => ({
  ...{ steps, batch: 2, precision: "f32", checkpointing: false, heightAlpha: 0 },
  optimiser: { lr: { peak: 1e-3, end: 1e-4, power: 1, warmup: 2 }, betas: [0.9, 0.99], ema: 0.5 },
});
const window = CELLS;
const structvae = { model: structvaeScales.mini, window, columns: CELLS, pruning: { teacherShare: 0.5 } };
const flow = { draws: 2, steps: 2, guidance: 1 };
const conditions = { image: 0.4, semantic: 0.4, none: 0.2 };

/** In the order in which one needs the other. */
const stages: [Stage, Record<string, unknown>][] = [
  [trainStructvae, { ...structvae, training: training() }],
  [trainTexvae, { model: texvaeScales.mini, window, columns: CELLS, views: 2, viewSize: [32, 32], training: training() }],
  [encodeLatents, { window, symmetries: 2 }],
  [trainClasssfm, { model: classsfmScales.mini, window, flow, conditions, training: training() }],
  [trainLatentsfm, { model: latentsfmScales.mini, roughen: { simplify: 1 }, flow, conditions, training: training() }],
  [trainTexfm, { model: texfmScales.mini, columns: CELLS, flow, conditions, training: training() }],
];

type Device = "cpu" | "cuda:0";

async function run(stage: Stage, options: Record<string, unknown>, device: Device, how: { name?: string; stopAfter?: number } = {}): Promise<Ran> {
  useDevice(device);
  try {
    const reporting = stage === encodeLatents ? {} : { logEvery: 1, validationCrops: 1 };
    return await runStage(stage, { ...options, ...reporting }, { root, dirs, device, name: `${stage.name}.${device.slice(0, 4)}`, ...how });
  } finally {
    useDevice("cpu");
  }
}

type Line = Record<string, number>;
const linesOf = ({ dir }: Ran): Line[] =>
  readFileSync(join(dir, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const weightsOf = ({ dir }: Ran) => readFileSync(join(dir, "model.safetensors"));

/** Largest difference of two lines of the log, in shares of the CPU's values. */
function distance(found: Line, expected: Line): number {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  return Math.max(...Object.entries(expected).map(([name, value]) => Math.abs(found[name]! - value) / Math.max(Math.abs(value), 1e-3)));
}

describe("training on a GPU", () => {
  for (const [stage, options] of stages)
    onGpu(
      `${stage.name} as on the CPU`,
      async () => {
        const [cpu, gpu] = [await run(stage, options, "cpu"), await run(stage, options, "cuda:0")];
        dirs[stage.name] = cpu.dir;
        if (stage === encodeLatents) {
          const [found, expected] = [gpu, cpu].map(({ dir }) => JSON.parse(readFileSync(join(dir, "latents.json"), "utf8")));
          expect(found.items).toEqual(expected.items);
          expect(found.struct_scale).toBeCloseTo(expected.struct_scale, 4);
          return;
        }
        const [found, expected] = [linesOf(gpu), linesOf(cpu)];
        const [first, last] = [distance(found[0]!, expected[0]!), distance(found.at(-1)!, expected.at(-1)!)];
        const { seconds_per_step } = gpu.section.metrics!;
        console.log(
          `${stage.name}: first step ${first.toExponential(1)} apart, step ${STEPS} ${last.toExponential(1)}; ${seconds_per_step} s a step`,
        );
        expect(first).toBeLessThan(isEmulated ? FIRST / 100 : FIRST);
        expect(last).toBeLessThan(isEmulated ? LAST / 100 : LAST);
      },
      120_000,
    );

  onGpu(
    "stopped after 8 of 20 steps and resumed it ends with the same bytes",
    async () => {
      const options = { ...structvae, training: training(20), checkpointEvery: 100 };
      const through = await run(trainStructvae, options, "cuda:0", { name: "through" });
      await expect(run(trainStructvae, options, "cuda:0", { name: "resumed", stopAfter: 8 })).rejects.toThrow(Cancelled);
      const resumed = await run(trainStructvae, options, "cuda:0", { name: "resumed" });
      expect(weightsOf(resumed).equals(weightsOf(through))).toBe(true);
    },
    120_000,
  );

  for (const [stage, options] of stages.filter(([stage]) => stage !== encodeLatents))
    skipUnless(gpuName && !isEmulated, gpuName ? "the processor's kernels know no bf16 here" : noGpu)(
      `${stage.name} in bf16, blocks computed again in backward`,
      async () => {
        const half = { ...options, training: { ...training(2), precision: "bf16", checkpointing: true } };
        const [found, expected] = [await run(stage, half, "cuda:0", { name: "half" }), await run(stage, options, "cuda:0", { name: "whole" })];
        const [a, b] = [linesOf(found)[0]!.loss!, linesOf(expected)[0]!.loss!];
        console.log(`${stage.name} in bf16: first loss ${a}, in f32 ${b}`);
        expect(Math.abs(a - b) / b).toBeLessThan(HALF);
      },
      120_000,
    );

  test("where no GPU answers, that is said", () => {
    expect(gpuName === undefined).toBe(noGpu !== "");
  });
});
