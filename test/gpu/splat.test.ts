/**
 * Splats on the GPU beside the CPU's, which `ffi/splat/render.test.ts` compares with a reference in double.
 *
 * Two of the CPU's own variants differ by 1e-5 of the largest value in pictures, by 5e-5 in gradients (splats seen nearly edge on lose digits), and by
 * more at jumps, where the last bit decides: alpha at its cut-off of 1/255, light at its end, disc and low-pass filter at equal distance. So a
 * thousandth of the pixels and a hundredth of the gradients may lie beyond the bounds.
 */
import { describe, expect } from "bun:test";
import { ops, scope, Tensor } from "../../ffi";
import { renderSplats, type Splats } from "../../ffi/splat";
import { viewsFrom } from "../look-at";
import { skipUnless } from "../skip";
import { randomTensor } from "../voxels";
import { differentiated, expectClose, GPU, onBoth } from "./both";
import { gpuName, noGpu } from "./gpu";

const onGpu = skipUnless(gpuName, noGpu);
const IMAGES = ["color", "alpha", "depth", "median", "normal", "distortion"] as const;
const GRADIENTS = ["∂means", "∂quats", "∂scales", "∂opacities", "∂colors", "∂background"];
const positive = (shape: readonly number[], seed: number) => randomTensor(shape, seed, "f32").add(1).div(2);

interface Cloud {
  count: number;
  channels: number;
  seed: number;
  size: number;
  opacity: number;
  perView: number;
}

/** means, quats, scales, opacities, colors. */
function cloud({ count, channels = 3, seed = 1, size = 0.4, opacity = 0.95, perView = 0 }: Partial<Cloud> & { count: number }): Tensor[] {
  const colors = perView > 0 ? [perView, count, channels] : [count, channels];
  return [
    randomTensor([count, 3], seed, "f32").mul(1.4),
    randomTensor([count, 4], seed + 1, "f32"),
    positive([count, 3], seed + 2)
      .mul(size)
      .add(0.01),
    positive([count], seed + 3)
      .mul(opacity)
      .add(0.01),
    positive(colors, seed + 4),
  ];
}

const eyes = [
  [3, 1, 2],
  [-1, -4, 1],
  [0.5, 3, 3],
] as const;
const sized = (width: number, height: number, count = 2) => viewsFrom(eyes.slice(0, count), [0, 0.1, 0], { width, height, focal: width });

type Options = { background?: boolean; ranges?: Tensor; near?: number; far?: number; distortion?: boolean; jumps?: number };

/** Renders and differentiates on both devices. */
function compare(splats: Tensor[], views: ReturnType<typeof sized>, { background = true, jumps = 1e-3, ...options }: Options = {}): Tensor[] {
  const inputs = background ? [...splats, positive([splats[4]!.shape.at(-1)!], 77)] : splats;
  const render = (...[means, quats, scales, opacities, colors, behind]: Tensor[]) => {
    const image = renderSplats({ means, quats, scales, opacities, colors } as Splats, { ...views, ...options, background: behind });
    return IMAGES.flatMap((key) => image[key] ?? []);
  };
  const { expected, found } = onBoth(differentiated(render, inputs.length), inputs);
  const pictures = options.distortion ? IMAGES : IMAGES.slice(0, 5);
  const [picture, gradient] = [
    { bound: 2e-5, jumps },
    { bound: 2e-4, jumps: 1e-2 },
  ];
  const names = [...pictures, ...GRADIENTS];
  for (const [i, t] of expected.entries()) expectClose(found[i]!, t, i < pictures.length ? picture : gradient, names[i]);
  return found;
}

describe("splats on a GPU", () => {
  for (const channels of [1, 3, 4, 5, 16, 17, 64])
    onGpu(`${channels} channels`, () => scope(() => void compare(cloud({ count: 300, channels, seed: 10 + channels }), sized(75, 53))));
  for (const channels of [1, 3, 5, 17])
    onGpu(`distortion beside ${channels} channels`, () =>
      scope(() => void compare(cloud({ count: 300, channels, seed: 210 + channels }), sized(75, 53), { distortion: true })),
    );
  onGpu("distortion of a batch of scenes, of crowds, and of nothing", () =>
    scope(() => {
      const ranges = Tensor.from(Int32Array.of(0, 150, 100, 300, 300, 300), [3, 2]).to("i64");
      compare(cloud({ count: 300, seed: 220 }), sized(61, 40, 3), { ranges, distortion: true });
      compare(cloud({ count: 3000, size: 1, opacity: 0.98, seed: 230 }), sized(50, 41), { distortion: true });
      compare(cloud({ count: 30 }), sized(33, 20), { far: 0.02, distortion: true });
    }),
  );
  onGpu("distortion alone has gradients, and one metre at five hundred has the processor's", () =>
    scope(() => {
      const aerial = viewsFrom([[180, -130, 450]], [0, 0, 0], { width: 75, height: 53, focal: 7000 });
      const inputs = cloud({ count: 300, seed: 240 });
      const run = (...[means, quats, scales, opacities, colors]: Tensor[]) => [
        renderSplats({ means, quats, scales, opacities, colors } as Splats, { ...aerial, distortion: true }).distortion!,
      ];
      const { expected, found } = onBoth(differentiated(run, 5), inputs);
      // 500 m are held to 2^-15 m, some 1e-4 of the square of a metre.
      for (const [i, t] of expected.entries())
        expectClose(found[i]!, t, { bound: i === 0 ? 2e-4 : 2e-3, jumps: 1e-2 }, ["distortion", ...GRADIENTS][i]);
    }),
  );
  onGpu("colours of their own for every view, without background", () =>
    scope(() => void compare(cloud({ count: 200, channels: 7, perView: 3, seed: 40 }), sized(64, 48, 3), { background: false })),
  );
  onGpu("splats smaller than a pixel", () => scope(() => void compare(cloud({ count: 20_000, size: 0.01, opacity: 0.3, seed: 50 }), sized(160, 90))));
  onGpu("splats wider than the picture, around the camera too", () =>
    scope(() => void compare(cloud({ count: 60, size: 4, opacity: 0.5, seed: 60 }), sized(75, 53))),
  );
  onGpu("opaque crowds, where light ends early", () =>
    scope(() => void compare(cloud({ count: 3000, size: 1, opacity: 0.98, seed: 70 }), sized(50, 41))),
  );
  onGpu("more splats in a tile than a batch holds, in pictures of many tiles", () =>
    scope(() => void compare(cloud({ count: 30_000, size: 0.05, opacity: 0.1, seed: 80 }), sized(320, 181))),
  );

  onGpu("nothing to see: no splat, all behind the camera, all too far", () =>
    scope(() => {
      for (const [splats, options] of [
        [cloud({ count: 0 }), {}],
        [cloud({ count: 30 }), { near: 50, far: 60 }],
        [cloud({ count: 30 }), { far: 0.02 }],
      ] as const) {
        const [color, alpha] = compare(splats as Tensor[], sized(33, 20), options);
        expect(alpha!.abs().max().item()).toBe(0);
        expect(
          color!
            .select(1, 1)
            .sub(positive([3], 77).select(0, 1))
            .abs()
            .max()
            .item(),
        ).toBe(0);
      }
    }),
  );

  onGpu("splats at the cut-offs: opacity about 1/255, near plane, no rotation, not a number", () =>
    scope(() => {
      const [means, quats, scales, opacities, colors] = cloud({ count: 64, seed: 90 }) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const edge = opacities.toArray();
      for (const [i, value] of [1 / 255, 1 / 255 + 1e-6, 1 / 255 - 1e-6, 0, 1, Number.NaN, 0.999, 2].entries()) edge[i] = value;
      const turned = quats.toArray();
      turned.fill(0, 4 * 20, 4 * 21);
      const at = means.toArray();
      at.set([3, 1, 2, 2.99, 1, 2, 3.5, 1.3, 2.4], 3 * 30); // in the first camera, before it, behind it
      const inputs = [Tensor.from(Float32Array.from(at), [64, 3]), Tensor.from(Float32Array.from(turned), [64, 4]), scales];
      compare([...inputs, Tensor.from(Float32Array.from(edge), [64]), colors], sized(47, 31), { jumps: 2e-3 });
    }),
  );

  onGpu("a batch of scenes in one list, and parts of it twice", () =>
    scope(() => {
      const ranges = Tensor.from(Int32Array.of(0, 150, 100, 300, 300, 300), [3, 2]).to("i64");
      compare(cloud({ count: 300, seed: 100 }), sized(61, 40, 3), { ranges });
    }),
  );

  onGpu("the same bytes in every run, gradients included", () =>
    scope(() => {
      const inputs = cloud({ count: 5000, size: 0.1, seed: 110 }).map((t) => t.to(GPU));
      const views = sized(200, 120);
      const run = differentiated((...[means, quats, scales, opacities, colors]) => {
        const { color, depth, normal, distortion } = renderSplats({ means, quats, scales, opacities, colors } as Splats, {
          ...views,
          distortion: true,
        });
        return [color, depth, normal, distortion!];
      }, 5);
      const first = run(...inputs);
      for (let again = 0; again < 5; ++again) for (const [i, t] of run(...inputs).entries()) expect(t.to("cpu")).toEqualTensor(first[i]!.to("cpu"));
    }),
  );

  onGpu("cameras on the GPU are read as those on the processor", () =>
    scope(() => {
      const [means, quats, scales, opacities, colors] = cloud({ count: 100, seed: 120 }).map((t) => t.to(GPU));
      const views = sized(40, 30);
      const there = { ...views, viewmats: views.viewmats.to(GPU), Ks: views.Ks.to(GPU) };
      const [a, b] = [views, there].map((at) => renderSplats({ means, quats, scales, opacities, colors } as Splats, at).color.to("cpu"));
      expect(a!).toEqualTensor(b!);
    }),
  );

  onGpu("refuses tensors on two devices, by name", () =>
    scope(() => {
      const [means, quats, scales, opacities, colors] = cloud({ count: 10 }) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const views = sized(20, 20);
      expect(() => renderSplats({ means: means.to(GPU), quats, scales, opacities, colors }, views)).toThrow("quats lies on cpu");
      expect(() => renderSplats({ means, quats: quats.to(GPU), scales, opacities, colors }, views)).toThrow("means lies on cpu");
    }),
  );

  for (const [degree, dtype, bound] of [
    [0, "f32", 1e-6],
    [1, "f32", 1e-5],
    [1, "f64", 1e-14],
  ] as const)
    onGpu(`spherical harmonics of degree ${degree} in ${dtype}`, () =>
      scope(() => {
        const inputs = [randomTensor([700, 3], 130, dtype), randomTensor([700, (degree + 1) ** 2, 3], 131, dtype)];
        const ranges = Tensor.from(Int32Array.of(0, 500, 300, 700), [2, 2]).to("i64");
        const shade = differentiated((means, sh) => [ops.earthcraft.splatSh(means!, sh!, sized(10, 10).viewmats, ranges)], 2);
        const { expected, found } = onBoth(shade, inputs);
        for (const [i, t] of expected.entries()) expectClose(found[i]!, t, { bound }, ["colors", "∂means", "∂sh"][i]);
      }),
    );
});

describe("similarity on a GPU", () => {
  // Variance is a difference of near numbers: f32 keeps 1e-4 of it, on either device.
  for (const [shape, dtype, bound] of [
    [[2, 3, 73, 91], "f32", 1e-4],
    [[1, 1, 5, 3], "f32", 1e-4],
    [[2, 2, 64, 64], "f64", 1e-11],
    [[0, 3, 8, 8], "f32", 0],
  ] as const)
    onGpu(`of ${shape.join(" × ")} ${dtype}`, () =>
      scope(() => {
        const x = positive(shape, 140).to(dtype);
        const y = x.add(randomTensor(shape, 141, "f32").to(dtype).mul(0.1));
        const { expected, found } = onBoth(
          differentiated((a, b) => [ops.earthcraft.ssim(a!, b!)], 2),
          [x, y],
        );
        for (const [i, t] of expected.entries()) expectClose(found[i]!, t, { bound }, ["map", "∂x", "∂y"][i]);
      }),
    );
});
