/** The operations that are timed, in the order in which they are: what a small budget leaves out comes last. */
import { autocast, checkpoint, grad, noGrad, normal, ops, scope, synchronize, Tensor, uniform } from "../../../ffi";
import { loadNative } from "../../../ffi/load";
import { SparseIndex, SparseTensor } from "../../../ffi/sparse";
import { renderSplats } from "../../../ffi/splat";
import { TBlock } from "../../../plugins/models/blocks";
import { rematerializing } from "../../../plugins/models/blocks/rematerialize";
import { texvaeScales } from "../../../plugins/models/texvae/config";
import { Texvae } from "../../../plugins/models/texvae/model";
import { viewsFrom } from "../../look-at";
import { adamwUpdate } from "../workloads/adamw";
import { TwoLayers } from "../workloads/two-layers";
import type { Bench } from "./bench";
import type { Sizes } from "./sizes";
import { median } from "./table";

const e = ops.earthcraft;
const BYTES = { bf16: 2, f32: 4 } as const;
type Float = keyof typeof BYTES;

export interface Group {
  name: string;
  /** Seconds that it takes on an H100, at most: not begun where less is left. */
  seconds: number;
  run: (bench: Bench) => Promise<void>;
}

const leaf = (t: Tensor) => t.detach().requiresGrad_();
/** Results, then gradients. */
const gradients = (run: (...leaves: Tensor[]) => Tensor, leaves: readonly Tensor[], seed: Tensor) => (): Tensor[] => {
  const out = run(...leaves);
  return [out.detach(), ...(grad([out], leaves, [seed]) as Tensor[])];
};
const plain = (run: () => Tensor) => () => noGrad(() => [run()]);

const count = (n: number) => (n >= 10_000 ? `${Math.round(n / 1000)}k` : String(n));

async function linear(bench: Bench): Promise<void> {
  const { size } = bench.sizes.linear;
  for (const dtype of new Set<Float>([bench.half, "f32"])) {
    const t = await bench.prepare("linear", { size, dtype });
    const work = { flops: 2 * size ** 3, dtype, bytes: 3 * size ** 2 * BYTES[dtype] };
    await bench.row(`linear ${dtype} ${size}³`, { peer: "forward", work, run: plain(() => ops.aten.linear(t.x!, t.w!)) });
  }
}

async function neighbourMap(bench: Bench): Promise<void> {
  const coords = await bench.voxels(bench.sizes.large);
  const n = coords.size(0);
  await bench.prepare("neighbour_map", { coords: bench.voxelFile });
  await bench.row(`neighbour map ${count(n)} × 27`, {
    peer: "map",
    work: { bytes: n * (16 + 4 * 27) },
    run: () => [e.neighbourMap(coords, coords, 3, 1)],
  });
  await bench.row(`neighbour map and its pairs, ${count(n)}`, {
    ...{ peer: "map and pairs", work: {}, compared: false },
    run: () => [...e.convPairs(e.neighbourMap(coords, coords, 3, 1))],
  });
  await bench.row(`window partition ${count(n)}, edge 8`, { work: {}, run: () => [...e.windowPartition(coords, 8, 0)] });
}

function conv(channels: (sizes: Sizes) => number): Group["run"] {
  return async (bench) => {
    const coords = await bench.voxels(bench.sizes.large);
    const [n, c] = [coords.size(0), channels(bench.sizes)];
    const index = bench.make(() => SparseIndex.of(coords));
    const { pairs } = index.submanifold();
    const met = pairs.size(1);
    for (const dtype of new Set<Float>([bench.half, "f32"])) {
      const t = await bench.prepare("conv", { coords: bench.voxelFile, channels: c, dtype });
      const leaves = bench.make(() => [t.f!, t.w!].map(leaf));
      const convolve = (f: Tensor, w: Tensor, on: SparseIndex) => {
        const map = on.submanifold();
        return e.sparseConv(f, w, null, map.pairs, map.starts, null, null, n);
      };
      const title = `conv 3³ ${c}→${c} ${dtype}, ${count(n)}`;
      const rows = n * c * BYTES[dtype];
      const map = 8 * met;
      const flops = 2 * met * c * c;
      await bench.row(`${title}, forward`, {
        ...{ peer: "forward", work: { flops, dtype, bytes: 2 * rows + map } },
        run: plain(() => convolve(t.f!, t.w!, index)),
      });
      await bench.row(`${title}, forward + backward`, {
        ...{ peer: "forward + backward", work: { flops: 3 * flops, dtype, bytes: 6 * rows + 3 * map } },
        run: gradients((f, w) => convolve(f!, w!, index), leaves, t.g!),
      });
      await bench.row(`${title}, forward with its map built`, {
        ...{ peer: "forward, map built", work: { flops, dtype, bytes: 2 * rows + map } },
        run: plain(() => convolve(t.f!, t.w!, SparseIndex.of(coords))),
      });
    }
  };
}

/** Σ n² over the windows of n voxels each. */
function squaresOf(starts: Tensor): number {
  const at = Float64Array.from(starts.toArray());
  return at.slice(1).reduce((sum, end, i) => sum + (end - at[i]!) ** 2, 0);
}

async function windows(bench: Bench): Promise<void> {
  const { heads, dim } = bench.sizes.windows;
  const dtype = bench.half;
  for (const size of [bench.sizes.middle, bench.sizes.large]) {
    const coords = await bench.voxels(size);
    const n = coords.size(0);
    const index = bench.make(() => SparseIndex.of(coords));
    const { order, starts } = index.windows(8, 0);
    const squares = squaresOf(starts);
    const t = await bench.prepare("windows", { coords: bench.voxelFile, heads, dim, dtype });
    const qkv = bench.make(() => leaf(t.qkv!));
    const unit = n * heads * dim * BYTES[dtype];
    const flops = 4 * squares * heads * dim;
    const title = `window attention ${dtype} ${count(n)} × ${heads * dim}, heads of ${dim}`;
    bench.say(`${title}: ${(n / (starts.size(0) - 1)).toFixed(1)} voxels a window, Σn²/N ${(squares / n).toFixed(1)}`);
    await bench.row(`${title}, forward`, {
      ...{ peer: "forward", work: { flops, dtype, bytes: 4 * unit } },
      run: plain(() => e.windowAttentionPacked(t.qkv!, order, starts)),
    });
    await bench.row(`${title}, forward + backward`, {
      ...{ peer: "forward + backward", work: { flops: 3.5 * flops, dtype, bytes: 12 * unit } },
      run: gradients((x) => e.windowAttentionPacked(x!, order, starts), [qkv], t.g!),
    });
  }
}

async function attention(bench: Bench): Promise<void> {
  const { tokens, heads, dim } = bench.sizes.attention;
  const dtype = bench.half;
  const t = await bench.prepare("attention", { tokens, heads, dim, dtype });
  const leaves = bench.make(() => [t.q!, t.k!, t.v!].map(leaf));
  const starts = bench.make(() => Tensor.from([0, tokens], [2], { dtype: "i64" }));
  const unit = tokens * heads * dim * BYTES[dtype];
  const flops = 4 * tokens ** 2 * heads * dim;
  const title = `full attention ${dtype} ${tokens} × ${heads * dim}`;
  await bench.row(`${title}, forward`, {
    ...{ peer: "forward", work: { flops, dtype, bytes: 4 * unit } },
    run: plain(() => e.raggedAttention(t.q!, t.k!, t.v!, starts, starts)),
  });
  await bench.row(`${title}, forward + backward`, {
    ...{ peer: "forward + backward", work: { flops: 3.5 * flops, dtype, bytes: 12 * unit } },
    run: gradients((q, k, v) => e.raggedAttention(q!, k!, v!, starts, starts), leaves, t.g!),
  });
}

/** TexVAE's block under autocast, as in training. */
async function block(bench: Bench): Promise<void> {
  const { heads, dim } = bench.sizes.windows;
  const channels = heads * dim;
  const coords = await bench.voxels(bench.sizes.large);
  const n = coords.size(0);
  const index = bench.make(() => SparseIndex.of(coords));
  const squares = squaresOf(index.windows(8, 0).starts);
  const { x: feats, g, ...weights } = await bench.prepare("block", { coords: bench.voxelFile, heads, dim, dtype: bench.half });
  const reach = { kind: "window", edge: 8, shift: 0 } as const;
  const tBlock = new TBlock({ channels, headDim: dim, mlpRatio: 4, reach, residualScale: 1 }).loadStateDict(new Map(Object.entries(weights)));
  const leaves = [bench.make(() => leaf(feats!)), ...tBlock.parameters().map(({ tensor }) => tensor)];
  bench.atEnd(() => tBlock.dispose());
  const forward = (x: Tensor) => {
    const run = () => tBlock.forward(new SparseTensor(index, x)).feats;
    return bench.half === "bf16" ? autocast("bf16", run) : run();
  };
  const flops = 24 * n * channels ** 2 + 4 * squares * channels;
  const dtype = bench.half;
  const title = `T-block ${dtype} ${count(n)} × ${channels}`;
  await bench.row(`${title}, forward`, { peer: "forward", work: { flops, dtype }, run: plain(() => forward(feats!)) });
  await bench.row(`${title}, forward + backward`, {
    ...{ peer: "forward + backward", work: { flops: 3 * flops, dtype }, compared: false },
    run: gradients(() => forward(leaves[0]!), leaves, g!),
  });
}

/** TexVAE as it is trained, but for its pictures: 66 features of a voxel to latents and to 16 splats, under autocast, and back. Its peak counts what it keeps; what is computed twice counts once. */
async function texvae(bench: Bench): Promise<void> {
  const config = texvaeScales[bench.sizes.texvae];
  const net = new Texvae(config).materialize({ seed: 1 });
  bench.atEnd(() => net.dispose());
  const parameters = net.parameters().map(({ tensor }) => tensor);
  for (const [size, kept] of [
    [bench.sizes.middle, true],
    [bench.sizes.large, true],
    [bench.sizes.large, false],
  ] as const) {
    const coords = await bench.voxels(size);
    const n = coords.size(0);
    const index = bench.make(() => SparseIndex.of(coords));
    const feats = bench.make(() => normal([n, config.inChannels], { seed: 1, purpose: "test", index: 1 }).to(bench.device));
    const mixed = <T>(run: () => T) => (bench.half === "bf16" ? autocast("bf16", run) : run());
    const [C, splatChannels] = [config.channels, 23 * config.splats];
    const ends = config.inChannels + 3 * config.latentChannels + splatChannels;
    const forward = 2 * config.blocks * (24 * n * C ** 2 + 4 * squaresOf(index.windows(8, 0).starts) * C) + 2 * n * C * ends;
    await bench.row(`TexVAE ${bench.half}, ${count(n)} voxels, blocks ${kept ? "kept" : "computed again"}, forward + backward`, {
      work: { flops: 3 * forward, dtype: bench.half },
      run: () =>
        rematerializing(!kept, () => {
          const out = mixed(() => net.decoder.forward(new SparseTensor(index, net.encoder.forward(new SparseTensor(index, feats)).mean)));
          return grad([out.to("f32").pow(2).mean()], parameters);
        }),
    });
  }
}

async function norms(bench: Bench): Promise<void> {
  const { rows, channels } = bench.sizes.norms;
  const dtype = bench.half;
  const t = await bench.prepare("norms", { rows, channels, dtype });
  const starts = bench.make(() => Tensor.from([0, rows], [2], { dtype: "i64" }));
  const unit = rows * channels * BYTES[dtype];
  const kinds: [string, [forward: number, backward: number], (...t: Tensor[]) => Tensor, (Tensor | undefined)[]][] = [
    ["layer_norm", [2, 3], (x, weight, bias) => e.layerNorm(x!, weight!.view([-1]), bias!.view([-1]), 1e-6), [t.x, t.weight, t.bias]],
    ["modulated_norm", [2, 3], (x, scale, shift) => e.modulatedNorm(x!, scale!, shift!, starts, 1e-6), [t.x, t.scale, t.shift]],
    ["gated_add", [3, 3], (x, gate, y) => e.gatedAdd(x!, gate!, y!, starts), [t.x, t.gate, t.y]],
  ];
  for (const [name, [there, back], run, given] of kinds) {
    const inputs = given as Tensor[];
    const leaves = bench.make(() => inputs.map(leaf));
    const title = `${name} ${dtype} ${count(rows)} × ${channels}`;
    await bench.row(`${title}, forward`, { peer: `${name} forward`, work: { bytes: there * unit }, run: plain(() => run(...inputs)) });
    await bench.row(`${title}, forward + backward`, {
      ...{ peer: `${name} forward + backward`, work: { bytes: (there + back) * unit } },
      run: gradients(run, leaves, t.g!),
    });
  }
}

async function adamw(bench: Bench): Promise<void> {
  const { count: tensors, size } = bench.sizes.adamw;
  const { name, run } = await adamwUpdate(bench, tensors, size);
  await bench.row(name, { peer: "update", work: { bytes: 40 * tensors * size }, run });
}

async function launches(bench: Bench): Promise<void> {
  const { chain } = bench.sizes.launches;
  await bench.prepare("launches", { chain });
  const { a, b, start } = bench.make(() => ({ a: Tensor.ones([]), b: Tensor.full([], 2), start: leaf(Tensor.ones([])) }));
  const each = { work: {}, per: chain, compared: false };
  const { call } = loadNative();
  const nothing = 200_000;
  const begin = performance.now();
  for (let i = 0; i < nothing; ++i) call.ec_threads_get();
  bench.say(`A call through bun:ffi that does next to nothing: ${((1e6 * (performance.now() - begin)) / nothing).toFixed(0)} ns`);
  await bench.row("add of two scalars", {
    ...{ ...each, peer: "add", mostCalls: 4 },
    run: () => {
      for (let i = 0; i < chain; ++i) a.add(b);
    },
  });
  await bench.row("add of two scalars, read back", {
    ...{ ...each, peer: "add, read back", mostCalls: 2 },
    run: () => {
      for (let i = 0; i < chain; ++i) a.add(b).item();
    },
  });
  await bench.row("add of two scalars in a chain, forward + backward", {
    ...{ ...each, peer: "chain forward + backward", mostCalls: 4 },
    run: () => {
      let x = start;
      for (let i = 0; i < chain; ++i) x = x.add(b);
      grad([x], [start]);
    },
  });
}

async function replay(bench: Bench): Promise<void> {
  const { rows, channels } = bench.sizes.replay;
  const net = new TwoLayers(channels).materialize({ seed: 1 });
  const draw = (index: number) => bench.make(() => normal([rows, channels], { seed: 1, purpose: "test", index }).to(bench.device));
  const [x, seed] = [leaf(draw(1)), draw(2)];
  const leaves = [x, ...net.parameters().map(({ tensor }) => tensor)];
  bench.atEnd(() => net.dispose());
  const mixed = <T>(run: () => T) => (bench.half === "bf16" ? autocast("bf16", run) : run());
  await bench.row(`checkpoint of two layers ${rows} × ${channels} × ${4 * channels}: forward + replayed backward`, {
    ...{ work: { flops: 16 * rows * channels ** 2 * 4, dtype: bench.half } },
    run: () => grad([mixed(() => checkpoint(() => net.forward(x)))], leaves, [seed.to(bench.half)]),
    beside: {
      way: "ours: two forwards and a backward",
      run: () => {
        noGrad(() => mixed(() => net.forward(x)));
        grad([mixed(() => net.forward(x))], leaves, [seed.to(bench.half)]);
      },
    },
  });
}

/** 16 splats in each of 220,000 voxels, as TexVAE decodes a scene. */
async function splats(bench: Bench): Promise<void> {
  const { splats: m, views: v, width, height } = bench.sizes.splats;
  const draw = (index: number, ...shape: number[]) => uniform(shape, { seed: 1, purpose: "test", index }).to(bench.device);
  const eyes = [
    [0, -260, 180],
    [200, 150, 140],
    [-230, 40, 60],
    [10, 20, 380],
  ] as const;
  const { means, quats, scales, opacities, sh, cameras, colors, target } = bench.make(() => {
    const place = draw(0, m, 3);
    const [x, y] = [0, 1].map((axis) => place.narrow(1, axis, 1).sub(0.5).mul(360)) as [Tensor, Tensor];
    const hills = x.div(20).sin().mul(y.div(30).cos()).mul(10);
    const drawn = [draw(1, m, 4).sub(0.5), draw(2, m, 2).mul(0.3).add(0.1), draw(3, m).mul(0.9).add(0.05), draw(4, m, 4, 3).sub(0.5)];
    const all = [ops.aten.cat([x, y, hills.add(place.narrow(1, 2, 1).mul(2))], 1), ...drawn].map(leaf);
    const [means, quats, scales, opacities, sh] = all as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const cameras = viewsFrom(eyes.slice(0, v), [0, 1, 0], { width, height, focal: (500 * width) / 640 });
    const colors = leaf(noGrad(() => e.splatSh(means, sh, cameras.viewmats)));
    return { means, quats, scales, opacities, sh, cameras, colors, target: draw(9, v, 3, height, width) };
  });

  const title = `2DGS ${(m / 1e6).toPrecision(2)} M splats, ${v} × ${width} × ${height}`;
  // What a view reads of a splat: place, rotation, two scales, opacity, colour.
  const [read, picture] = [4 * 13 * m * v, 4 * 9 * width * height * v];
  const render = () => renderSplats({ means, quats, scales, opacities, colors }, cameras);
  await bench.row(`${title}: harmonics, forward`, {
    work: { bytes: m * (12 + 48) + 12 * m * v },
    run: plain(() => e.splatSh(means, sh, cameras.viewmats)),
  });
  await bench.row(`${title}: render, forward`, { work: { bytes: read + picture }, run: () => noGrad(() => Object.values(render())) });
  const lossOf = ({ color, depth }: ReturnType<typeof render>) => color.sub(target).pow(2).mean().add(depth.mean());
  const leaves = [means, quats, scales, opacities, colors];
  await bench.row(`${title}: render, forward + backward`, {
    work: { bytes: 3 * read + 2 * picture },
    run: () => grad([lossOf(render())], leaves),
  });
  const alone = Array.from({ length: 8 }, () =>
    scope(() => {
      const loss = lossOf(render());
      synchronize(bench.device);
      const begin = performance.now();
      grad([loss], leaves);
      synchronize(bench.device);
      return performance.now() - begin;
    }),
  );
  bench.add({ name: `${title}: render, backward alone`, ours_ms: median(alone.slice(1)), peak: 0, work: { bytes: 2 * read + picture } });
}

export const groups: Group[] = [
  { name: "linear", seconds: 4, run: linear },
  { name: "neighbour map", seconds: 3, run: neighbourMap },
  { name: "conv 64", seconds: 8, run: conv(({ narrow }) => narrow) },
  { name: "conv 512", seconds: 14, run: conv(({ wide }) => wide) },
  { name: "window attention", seconds: 8, run: windows },
  { name: "full attention", seconds: 8, run: attention },
  { name: "launches", seconds: 4, run: launches },
  { name: "splats", seconds: 6, run: splats },
  { name: "norms", seconds: 6, run: norms },
  { name: "adamw", seconds: 4, run: adamw },
  { name: "T-block", seconds: 8, run: block },
  { name: "TexVAE", seconds: 10, run: texvae },
  { name: "checkpoint", seconds: 3, run: replay },
];
