/** All training stages in a row on a painted town of three crops: what one leaves is what the next reads. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancelled, type Stage } from "../../cli/plugin";
import { openSafetensors } from "../../ffi";
import { loadModel, type ModelName } from "../models/api";
import { type Ran, runStage as runStageIn } from "./run-stage.fixture";
import { encodeLatents } from "./stages/encode-latents";
import { trainClasssfm } from "./stages/train-classsfm";
import { trainLatentsfm } from "./stages/train-latentsfm";
import { trainStructvae } from "./stages/train-structvae";
import { trainTexfm } from "./stages/train-texfm";
import { trainTexvae } from "./stages/train-texvae";
import { CELLS, writeTown } from "./town.fixture";

const root = mkdtempSync(join(tmpdir(), "earthcraft-train-"));
const dirs: Record<string, string> = {};
beforeAll(() => {
  dirs.split = writeTown(root);
});
afterAll(() => rmSync(root, { recursive: true }));

const training = (steps: number) => ({
  ...{ steps, batch: 1, precision: "f32", heightAlpha: 0 },
  optimiser: { lr: { peak: 3e-3, end: 3e-4, power: 1, warmup: 2 }, betas: [0.9, 0.99], ema: 0.5 },
});
const condNet = { channels: [12, 12, 16, 16], blocks: [1, 1, 1, 1], headDim: 4 };
const common = { window: CELLS, logEvery: 1, validationCrops: 1 };

async function runStage(stage: Stage, options: unknown, how: { name?: string; stopAfter?: number } = {}): Promise<Ran> {
  const ran = await runStageIn(stage, options, { root, dirs, ...how });
  dirs[stage.name] ??= ran.dir;
  return ran;
}

function firstAndLast({ section }: Ran): [number, number] {
  const { points } = section.curves![0]!.series[0]!;
  return [points[0]![1], points.at(-1)![1]];
}

const structvae = {
  model: {
    encoder: { channels: [8, 12, 16, 16], blocks: [1, 1, 1, 1] },
    decoder: { channels: [8, 12, 16, 16], pseudoBlocks: [1, 1, 1, 0], sparseBlocks: [0, 1, 1, 1] },
    ...{ headDim: 4, classifier: { channels: 8, blocks: 1 }, latentChannels: 8 },
  },
  ...{ ...common, columns: CELLS },
};

describe("training stages", () => {
  test("train-structvae learns, and says how it does beside its baselines", async () => {
    const ran = await runStage(trainStructvae, { ...structvae, training: training(30) });
    const [first, last] = firstAndLast(ran);
    expect(last).toBeLessThan(0.8 * first);
    expect(ran.metrics.keep_all_iou).toBeGreaterThan(0.1);
    expect(Number.isFinite(ran.metrics.iou)).toBe(true);
    expect(loadModel(ran.dir, "structvae").info).toMatchObject({ extent: CELLS, trained: { steps: 30, seed: 3 } });
  });

  test("stopped in the middle and resumed it ends with the same bytes", async () => {
    const options = { ...structvae, training: training(6), checkpointEvery: 100 };
    const through = await runStage(trainStructvae, options, { name: "through" });
    await expect(runStage(trainStructvae, options, { name: "resumed", stopAfter: 3 })).rejects.toThrow(Cancelled);
    const resumed = await runStage(trainStructvae, options, { name: "resumed" });
    const weights = ({ dir }: Ran) => readFileSync(join(dir, "model.safetensors"));
    expect(weights(resumed).equals(weights(through))).toBe(true);
    expect(resumed.section.curves).toEqual(through.section.curves);
    expect(readFileSync(join(resumed.dir, "metrics.jsonl"), "utf8")).toBe(readFileSync(join(through.dir, "metrics.jsonl"), "utf8"));
  });

  test("train-texvae learns colours from views", async () => {
    const model = { channels: 16, blocks: 1, headDim: 8, splats: 2 };
    const ran = await runStage(trainTexvae, { ...common, model, columns: CELLS, views: 2, viewSize: [32, 32], training: training(40) });
    const [first, last] = firstAndLast(ran);
    expect(last).toBeLessThan(0.8 * first);
    expect(ran.metrics.psnr).toBeGreaterThan(5);
    expect(ran.metrics.psnr_voxel_colour).toBeGreaterThan(10);
  });

  test("encode-latents lists the training windows only, with unit statistics", async () => {
    const ran = await runStage(encodeLatents, { window: CELLS, symmetries: 2 });
    const { items, tex_std } = JSON.parse(readFileSync(join(ran.dir, "latents.json"), "utf8"));
    expect(items.map(({ sample }: { sample: string }) => sample)).toEqual(["a.0", "a.0", "b.0", "b.0"]);
    expect(tex_std).toHaveLength(8);
    expect(ran.metrics.struct_scale).toBeGreaterThan(0);
  });

  const flows: [Stage, ModelName, Record<string, unknown>][] = [
    [
      trainClasssfm,
      "classsfm",
      { model: { channels: 16, headDim: 8, preBlocks: 1, blocks: 2, condition: { by: "add", every: 2 }, condNet }, window: CELLS },
    ],
    [
      trainLatentsfm,
      "latentsfm",
      { model: { channels: [12, 16], blocks: [1, 1], headDim: 4, condition: "cross", latentChannels: 8, condNet }, roughen: { simplify: 1 } },
    ],
    [trainTexfm, "texfm", { model: { channels: [12, 12, 16, 16], blocks: [1, 1, 1, 1], headDim: 4, condNet }, columns: CELLS }],
  ];
  for (const [stage, name, options] of flows) {
    // TexFM looks at every voxel, the others at coarse cells only.
    const steps = name === "texfm" ? 24 : 60;
    test(`${stage.name} learns from all three kinds of condition and draws`, async () => {
      const mix = { image: 0.4, semantic: 0.4, none: 0.2 };
      const flow = { draws: 2, steps: 3, guidance: 1 };
      const ran = await runStage(stage, { ...options, conditions: mix, flow, training: training(steps), logEvery: 1, validationCrops: 1 });
      const points = ran.section.curves![0]!.series[0]!.points.map(([, value]) => value);
      const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
      expect(mean(points.slice(-steps / 3))).toBeLessThan(0.95 * mean(points.slice(0, steps / 3)));
      expect(loadModel(ran.dir, name).info.model).toBe(name);
    }, 60_000);
  }
});

test("two ranks that share a step's crops learn what one does", async () => {
  const options = { ...structvae, training: { ...training(4), batch: 2 } };
  const alone = await runStage(trainStructvae, options, { name: "alone" });
  const store = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const port = String(store.port);
  store.stop(true);
  const shared = JSON.stringify({ ...options, training: { ...options.training, ranks: 2 } });
  const ranks = [0, 1].map((rank) =>
    Bun.spawn([process.execPath, join(import.meta.dir, "run-stage.fixture.ts"), root, dirs.split!, shared], {
      env: { ...process.env, RANK: String(rank), WORLD_SIZE: "2", MASTER_ADDR: "127.0.0.1", MASTER_PORT: port },
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  expect(await Promise.all(ranks.map((rank) => rank.exited))).toEqual([0, 0]);
  const weights = (dir: string) => openSafetensors(join(dir, "model.safetensors"));
  const [one, two] = [weights(alone.dir), weights(join(root, "ranks"))];
  // The two sums of gradients may round differently, no more.
  for (const name of one.entries.keys())
    for (const [i, value] of one.float32(name).entries())
      if (Math.abs(value - two.float32(name)[i]!) > 1e-4) throw new Error(`${name}[${i}]: ${value}, with two ranks ${two.float32(name)[i]}`);
  expect(existsSync(join(root, "ranks.1", "model.safetensors"))).toBe(false);
}, 60_000);

test("a loss that is not finite stops before the update, naming the crop", async () => {
  const options = { ...structvae, training: training(3), loss: { kl: Number.MAX_VALUE } };
  await expect(runStage(trainStructvae, options, { name: "infinite" })).rejects.toThrow("step 0: the loss is");
});
