/** A scene as TexVAE decodes it, 16 splats in each of 220,000 voxels, in four pictures of 640 × 360: prints what they take of time and memory. */
import { describe, expect } from "bun:test";
import { deviceMemory, grad, ops, resetPeakDeviceMemory, scope, synchronize, type Tensor, uniform } from "../../ffi";
import { renderSplats } from "../../ffi/splat";
import { viewsFrom } from "../look-at";
import { skipUnless } from "../skip";
import { GPU } from "./both";
import { gpuName, noGpu } from "./gpu";

const COUNT = 3_500_000;

/** Rolling ground of 360 × 360 voxels. */
function terrain(): Tensor[] {
  const draw = (index: number, ...shape: number[]) => uniform(shape, { seed: 1, purpose: "test", index }).to(GPU);
  const place = draw(0, COUNT, 3);
  const [x, y] = [0, 1].map((axis) => place.narrow(1, axis, 1).sub(0.5).mul(360)) as [Tensor, Tensor];
  const z = x
    .div(20)
    .sin()
    .mul(y.div(30).cos())
    .mul(10)
    .add(place.narrow(1, 2, 1).mul(2));
  const means = ops.aten.cat([x, y, z], 1);
  return [means, draw(1, COUNT, 4).sub(0.5), draw(2, COUNT, 2).mul(0.3).add(0.1), draw(3, COUNT).mul(0.9).add(0.05), draw(4, COUNT, 4, 3).sub(0.5)];
}

const views = viewsFrom(
  [
    [0, -260, 180],
    [200, 150, 140],
    [-230, 40, 60],
    [10, 20, 380],
  ],
  [0, 1, 0],
  { width: 640, height: 360, focal: 500 },
);

describe("speed on a GPU", () => {
  skipUnless(gpuName, noGpu)(
    "3.5 million splats in four pictures",
    () =>
      scope(() => {
        const leaves = terrain().map((t) => t.detach().requiresGrad_());
        const target = uniform([4, 3, 360, 640], { seed: 1, purpose: "test", index: 9 }).to(GPU);
        synchronize(GPU);
        const before = deviceMemory(GPU).liveBytes;
        resetPeakDeviceMemory(GPU);
        const taken: Record<string, number[]> = { shade: [], render: [], similarity: [], backward: [] };
        for (let run = 0; run < 8; ++run)
          scope(() => {
            let start = performance.now();
            const lap = (name: string) => {
              synchronize(GPU);
              taken[name]!.push(performance.now() - start);
              start = performance.now();
            };
            const [means, quats, scales, opacities, sh] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor];
            const colors = ops.earthcraft.splatSh(means, sh, views.viewmats);
            lap("shade");
            const { color, depth } = renderSplats({ means, quats, scales, opacities, colors }, views);
            lap("render");
            const loss = ops.earthcraft.ssim(color, target).mean().add(depth.mean());
            lap("similarity");
            const gradients = grad([loss], leaves);
            lap("backward");
            if (run === 0) for (const t of gradients) expect(Number.isFinite(t!.sum().item())).toBe(true);
          });
        const median = (of: number[]) => of.slice(2).sort((a, b) => a - b)[3]!;
        const times = Object.entries(taken).map(([name, of]) => `${name} ${median(of).toFixed(2)} ms`);
        const peak = (deviceMemory(GPU).peakBytes - before) / 1e9;
        console.log(`${gpuName}: 3.5 M splats, 4 × 640 × 360: ${times.join(", ")}; ${peak.toFixed(2)} GB above the splats`);
        expect(peak).toBeLessThan(12);
      }),
    120_000,
  );
});
