/** A radiance field on the GPU: the samples of rays are the CPU's to the bit, and it learns the town of boxes that `ffi/hashgrid` learns on the CPU. */
import { beforeAll, describe, expect } from "bun:test";
import "../matchers";
import { onDevice, scope, useDevice } from "../../ffi";
import { marchRays, OccupancyGrid, RadianceField, RadianceFieldTrainer } from "../../ffi/hashgrid";
import { BOXES_EXTENT_M, camerasRound, drawPixels } from "../boxes";
import { skipUnless } from "../skip";
import { randomTensor } from "../voxels";
import { GPU } from "./both";
import { gpuName, noGpu } from "./gpu";

const onGpu = skipUnless(gpuName, noGpu);

describe("a radiance field on the GPU", () => {
  if (gpuName) beforeAll(() => useDevice(GPU));

  onGpu("rays have the CPU's samples", () => {
    const march = (device: string) =>
      onDevice(device, () => {
        const grid = new OccupancyGrid({ resolution: 32, cascades: 3, centre: [0.4, -0.3, 0.2], edge_m: 2 });
        grid.bits.copy_(
          randomTensor([grid.cells / 8], 1, "f32")
            .abs()
            .mul(255)
            .to("u8"),
        );
        const rays = { origins: randomTensor([5000, 3], 2, "f32").mul(5), directions: randomTensor([5000, 3], 3, "f32") };
        const samples = marchRays(rays, grid, { step_m: 0.01, cone: 0.003, jitter: randomTensor([5000], 4, "f32").abs() });
        grid.dispose();
        return [samples.starts, samples.rays, samples.positions, samples.distances, samples.lengths].map((t) => t.to("cpu").contiguous());
      });
    const [gpu, cpu] = [march(GPU), march("cpu")];
    for (const [i, tensor] of cpu.entries()) expect(gpu[i]!).toEqualTensor(tensor);
    expect(cpu[1]!.size(0)).toBeGreaterThan(100_000);
  });

  onGpu("learns a town of boxes", () => {
    const field = new RadianceField({
      extent_m: BOXES_EXTENT_M,
      grid: { levels: 8, log2Entries: 14, coarsest: 8, finest: 160 },
      hidden: 32,
      colorLayers: 1,
    }).materialize({ seed: 1 });
    const occupancy = new OccupancyGrid({ resolution: 32, edge_m: BOXES_EXTENT_M });
    const trainer = new RadianceFieldTrainer(field, occupancy, { seed: 1, step_m: 0.25, near_m: 4, maxSamples: 256, opticalThreshold: 0.05 });
    const cameras = camerasRound(40, 48);
    const losses = Array.from({ length: 300 }, (_, step) => scope(() => trainer.step(drawPixels(cameras, 48, 512, step)).loss));
    expect(losses.slice(-20).reduce((a, b) => a + b) / 20).toBeLessThan(3e-3);
    trainer.dispose();
    occupancy.dispose();
    field.dispose();
  });
});
