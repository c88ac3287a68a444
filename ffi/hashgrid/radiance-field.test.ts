import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import "../../test/matchers";
import { BOXES_EXTENT_M, camerasRound, drawPixels, picturePixels, seeBoxes } from "../../test/boxes";
import { randomTensor } from "../../test/voxels";
import { grad, noGrad, scope, setThreads, Tensor } from "../index";
import { encodeDirections, OccupancyGrid, pixelRays, RadianceField, RadianceFieldTrainer } from "./index";

setThreads(1);
const SIZE = 48;
const STEPS = 400;
const MARCH = { step_m: 0.25, near_m: 4, maxSamples: 256 };

const made = () => ({
  field: new RadianceField({
    extent_m: BOXES_EXTENT_M,
    grid: { levels: 8, log2Entries: 14, coarsest: 8, finest: 160 },
    hidden: 32,
    colorLayers: 1,
  }).materialize({ seed: 1 }),
  occupancy: new OccupancyGrid({ resolution: 32, edge_m: BOXES_EXTENT_M }),
});

describe("RadianceField", () => {
  test("is the chain of its parts, and its normals are its density's slope", () => {
    const { field, occupancy } = made();
    const positions = randomTensor([50, 3], 1, "f32").mul(0.45).add(0.5);
    const directions = Tensor.from([0.6, 0, 0.8], [1, 3]).expand([50, 3]);
    const { densities, colors } = field.forward(positions, directions);
    const features = field.densityNet.forward(field.grid.forward(positions));
    expect(densities).toBeCloseToTensor(features.select(1, 0).exp().div(BOXES_EXTENT_M), { rtol: 1e-6 });
    expect(densities).toEqualTensor(field.density(positions));
    expect(colors).toBeCloseToTensor(field.colorNet.forward(Tensor.cat([encodeDirections(directions), features], 1)).sigmoid(), { atol: 1e-6 });
    const at = positions.detach().requiresGrad_();
    const [slope] = grad([field.density(at).sum()], [at]) as Tensor[];
    const normals = field.normals(positions);
    expect(normals.pow(2).sum(1)).toBeCloseToTensor(
      Float32Array.from({ length: 50 }, () => 1),
      { rtol: 1e-5 },
    );
    expect(normals.mul(slope!).sum(1).max().item()).toBeLessThan(0); // out of what is there
    occupancy.dispose();
    field.dispose();
  });

  test("a trainer refuses a grid of another extent", () => {
    const { field } = made();
    const occupancy = new OccupancyGrid({ resolution: 8, edge_m: 3 });
    expect(() => new RadianceFieldTrainer(field, occupancy, { seed: 1, ...MARCH })).toThrow("a field of 40 m, an occupancy grid of 3 m");
    occupancy.dispose();
    field.dispose();
  });
});

describe("RadianceFieldTrainer", () => {
  test("stopped and resumed goes on to the same bytes, through updates of the occupancy grid", () => {
    const cameras = camerasRound(6, 16);
    const started = () => {
      const { field, occupancy } = made();
      return new RadianceFieldTrainer(field, occupancy, { seed: 1, opticalThreshold: 0.05, ...MARCH, step_m: 1 });
    };
    const run = (trainer: RadianceFieldTrainer, to: number) => {
      while (trainer.stepCount < to) scope(() => void trainer.step(drawPixels(cameras, 16, 64, trainer.stepCount)));
      return trainer;
    };
    const [through, stopped, resumed] = [run(started(), 40), run(started(), 25), started()];
    resumed.loadStateDict(stopped.stateDict(), stopped.stepCount);
    run(resumed, 40);
    for (const [name, tensor] of through.stateDict()) expect(resumed.stateDict().get(name)!).toEqualTensor(tensor);
    expect(() => resumed.loadStateDict(new Map(), 1)).toThrow("grid.table is missing");
    for (const trainer of [through, stopped, resumed]) {
      trainer.dispose();
      trainer.occupancy.dispose();
      trainer.field.dispose();
    }
  });
});

describe("a town of boxes, learned from 40 pictures", () => {
  const { field, occupancy } = made();
  const held = camerasRound(4, SIZE, 0.37);
  const seen = (v: number) => {
    const rays = pixelRays(held, picturePixels(v, SIZE));
    return { truth: seeBoxes(rays), ...noGrad(() => field.render(rays, occupancy, MARCH)) };
  };
  let rendered: ReturnType<typeof seen>[] = [];
  const samples: number[] = [];

  beforeAll(() => {
    const cameras = camerasRound(40, SIZE);
    const trainer = new RadianceFieldTrainer(field, occupancy, { seed: 1, opticalThreshold: 0.05, ...MARCH });
    for (let step = 0; step < STEPS; ++step)
      samples.push(scope(() => trainer.step(drawPixels(cameras, SIZE, 512, step), step < 240 ? 1e-2 : 3e-3).samples));
    trainer.dispose();
    rendered = held.map((_, v) => seen(v));
  }, 120_000);
  afterAll(() => {
    occupancy.dispose();
    field.dispose();
  });

  const psnr = () => {
    const errors = rendered.map(({ color, truth }) => color.sub(Tensor.from(truth.colors, color.shape)).pow(2).mean().item());
    return -10 * Math.log10(errors.reduce((a, b) => a + b, 0) / errors.length);
  };

  test("pictures that it was not shown: PSNR above 25.5 dB", () => {
    console.log(`held-out PSNR ${psnr().toFixed(2)} dB, ${samples[0]} samples at first, ${samples.at(-1)} at last`);
    expect(psnr()).toBeGreaterThan(25.5);
  });

  test("its depth is the boxes', within a metre in the middle", () => {
    const errors = rendered.flatMap(({ depth, opacity, truth }) => {
      const [d, o] = [depth.toArray(), opacity.toArray()];
      return [...truth.distances].map((expected, i) => Math.abs(d[i]! / o[i]! - expected));
    });
    const median = errors.sort((a, b) => a - b)[Math.floor(errors.length / 2)]!;
    console.log(`median error of depth ${median.toFixed(3)} m`);
    expect(median).toBeLessThan(1);
  });

  test("the grid has learned where there is nothing: two thirds of the samples are left", () => {
    expect(samples.at(-1)!).toBeLessThan(0.67 * Math.max(...samples));
  });
});
