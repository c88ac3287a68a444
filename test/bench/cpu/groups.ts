/** What is timed, with the bars that hold it. Bars without a peer (growth, threads, memory) stand in limits.ts. */
import { autocast, grad, noGrad, ops, Tensor } from "../../../ffi";
import { castVoxels, imageToVoxels, voxelsToImage } from "../../../ffi/mesh";
import { SparseIndex, SparseTensor } from "../../../ffi/sparse";
import { renderSplats } from "../../../ffi/splat";
import { TBlock } from "../../../plugins/models/blocks";
import { viewsFrom } from "../../look-at";
import { adamwUpdate } from "../workloads/adamw";
import type { Bench } from "./bench";
import type { Bar } from "./table";

const e = ops.earthcraft;

export interface Group {
  name: string;
  run: (bench: Bench) => Promise<void>;
}

const atMost = (at: number, stretch?: number): Bar => ({ at, stretch, better: "less" });
export const leaf = (t: Tensor) => t.detach().requiresGrad_();
export const plain = (run: () => Tensor) => () => noGrad(() => [run()]);
/** Results, then gradients. */
export const gradients = (run: (...leaves: Tensor[]) => Tensor, leaves: readonly Tensor[], seed: Tensor) => (): Tensor[] => {
  const out = run(...leaves);
  return [out.detach(), ...(grad([out], leaves, [seed]) as Tensor[])];
};
export const count = (n: number) => (n >= 10_000 ? `${Math.round(n / 1000)}k` : String(n));

export function convolve(f: Tensor, w: Tensor, index: SparseIndex): Tensor {
  const { pairs, starts } = index.submanifold();
  return e.sparseConv(f, w, null, pairs, starts, null, null, index.size);
}

/** Σ n² over the windows of n voxels each. */
function squaresOf(starts: Tensor): number {
  const at = Float64Array.from(starts.toArray());
  return at.slice(1).reduce((sum, end, i) => sum + (end - at[i]!) ** 2, 0);
}

async function neighbourMap(bench: Bench): Promise<void> {
  const coords = await bench.voxels("middle");
  const n = coords.size(0);
  await bench.prepare("neighbour_map", { coords: bench.voxelFile });
  const run = () => [e.neighbourMap(coords, coords, 3, 1)];
  await bench.beside(`neighbour map ${count(n)} × 27`, { peer: "map", bar: atMost(0.4, 0.15), run, rounding: 0, known: "neighbour map" });
}

async function convolution(bench: Bench): Promise<void> {
  const coords = await bench.voxels("middle");
  const [n, c] = [coords.size(0), bench.sizes.channels];
  const index = bench.make(() => SparseIndex.of(coords));
  const met = index.submanifold().pairs.size(1);
  bench.notes.push(`${count(n)} voxels of the terrain: ${(met / n).toFixed(1)} of 27 neighbours`);
  for (const dtype of ["f32", "bf16"] as const) {
    const t = await bench.prepare("conv", { coords: bench.voxelFile, channels: c, dtype });
    const leaves = bench.make(() => [t.f!, t.w!].map(leaf));
    const title = `conv 3³ ${c}→${c} ${dtype}, ${count(n)}`;
    const forward = plain(() => convolve(t.f!, t.w!, index));
    if (dtype === "f32") {
      await bench.beside(`${title}, forward, map cached`, { peer: "spconv", bar: atMost(0.5, 0.28), run: forward, known: "spconv, map cached" });
      const built = plain(() => convolve(t.f!, t.w!, SparseIndex.of(coords)));
      await bench.beside(`${title}, forward, map built`, { peer: "map built", bar: atMost(0.5, 0.28), run: built, known: "spconv, map built" });
    }
    const bar = dtype === "bf16" ? atMost(0.5, 0.33) : undefined;
    await bench.beside(`${title}, forward`, { peer: "forward", bar, run: forward, known: `conv ${dtype}, forward` });
    await bench.beside(`${title}, forward + backward`, {
      ...{ peer: "forward + backward", bar: dtype === "f32" ? atMost(0.6, 0.4) : undefined, known: `conv ${dtype}, forward + backward` },
      run: gradients((f, w) => convolve(f!, w!, index), leaves, t.g!),
    });
  }
}

async function stridedConvolution(bench: Bench): Promise<void> {
  const coords = await bench.voxels("middle");
  const c = bench.sizes.channels;
  const index = bench.make(() => SparseIndex.of(coords));
  const { down, up } = index.strided(3);
  const [n, m] = [index.size, index.coarser().index.size];
  const pairs = bench.make(() => {
    const map = e.neighbourMap(index.coarser().index.coords, coords, 3, 2);
    const met = ops.aten.nonzero(map.ge(0));
    const [out, tap] = met.unbind(1) as [Tensor, Tensor];
    const sizes = { fine: Tensor.from([n], [1], { dtype: "i64" }), coarse: Tensor.from([m], [1], { dtype: "i64" }) };
    return { out: out.contiguous(), tap: tap.contiguous(), in: ops.aten.maskedSelect(map, map.ge(0)), ...sizes };
  });
  const t = await bench.prepare("strided", { pairs: bench.handOver("pairs.safetensors", pairs), channels: c });
  await bench.beside(`strided conv 3³ ${c}→${c} f32, ${count(n)} → ${count(m)}, forward`, {
    ...{ peer: "down", bar: atMost(0.6) },
    run: plain(() => e.sparseConv(t.f!, t.w!, null, down.pairs, down.starts, up.pairs, up.starts, m)),
  });
  await bench.beside(`transposed conv 3³ ${c}→${c} f32, ${count(m)} → ${count(n)}, forward`, {
    ...{ peer: "up", bar: atMost(0.6) },
    run: plain(() => e.sparseConv(t.h!, t.w!, null, up.pairs, up.starts, down.pairs, down.starts, n)),
  });
}

async function windows(bench: Bench): Promise<void> {
  for (const cut of ["small", "middle"] as const) {
    const coords = await bench.voxels(cut);
    const n = coords.size(0);
    const index = bench.make(() => SparseIndex.of(coords));
    const { order, starts } = index.windows(8, 0);
    bench.notes.push(`${count(n)} voxels: ${(n / (starts.size(0) - 1)).toFixed(1)} a window, Σn²/N ${(squaresOf(starts) / n).toFixed(1)}`);
    for (const { heads, dim } of bench.sizes.windows)
      for (const dtype of ["f32", "bf16"] as const) {
        const t = await bench.prepare("windows", { coords: bench.voxelFile, heads, dim, dtype });
        const qkv = bench.make(() => leaf(t.qkv!));
        const title = `window attention ${dtype} ${count(n)} × ${heads * dim}, heads of ${dim}`;
        const known = `window attention ${dtype} ${cut === "small" ? "25k" : "100k"}, heads of ${dim}`;
        await bench.beside(`${title}, forward`, {
          ...{ peer: "forward", bar: atMost(0.6, 0.35), known: `${known}, forward` },
          run: plain(() => e.windowAttentionPacked(t.qkv!, order, starts)),
        });
        await bench.beside(`${title}, forward + backward`, {
          ...{ peer: "forward + backward", bar: atMost(0.35, 0.2), known: `${known}, forward + backward` },
          run: gradients((x) => e.windowAttentionPacked(x!, order, starts), [qkv], t.g!),
        });
      }
  }
}

/** TexVAE's block under autocast, as in training. */
async function block(bench: Bench): Promise<void> {
  const { heads, dim } = bench.sizes.windows[0]!;
  const channels = heads * dim;
  const coords = await bench.voxels("small");
  const n = coords.size(0);
  const index = bench.make(() => SparseIndex.of(coords));
  const { x: feats, g, ...weights } = await bench.prepare("block", { coords: bench.voxelFile, heads, dim, dtype: "bf16" });
  const reach = { kind: "window", edge: 8, shift: 0 } as const;
  const tBlock = new TBlock({ channels, headDim: dim, mlpRatio: 4, reach, residualScale: 1 }).loadStateDict(new Map(Object.entries(weights)));
  bench.atEnd(() => tBlock.dispose());
  const byName = new Map(tBlock.namedParameters());
  const leaves = [
    bench.make(() => leaf(feats!)),
    ...Object.keys(weights)
      .sort()
      .map((name) => byName.get(name)!.tensor),
  ];
  const forward = (x: Tensor) => autocast("bf16", () => tBlock.forward(new SparseTensor(index, x)).feats);
  const title = `T-block bf16 ${count(n)} × ${channels}`;
  const rounding = 2e-2; // bf16 inside, f32 outside
  await bench.beside(`${title}, forward`, {
    ...{ peer: "forward", bar: atMost(0.9, 0.75), rounding, known: "T-block bf16, forward" },
    run: plain(() => forward(feats!)),
  });
  const run = gradients(() => forward(leaves[0]!), leaves, g!);
  await bench.beside(`${title}, forward + backward`, { peer: "forward + backward", bar: atMost(0.7), rounding, run });
}

async function fullAttention(bench: Bench): Promise<void> {
  const { tokens, heads, dim } = bench.sizes.attention;
  for (const dtype of ["bf16", "f32"] as const) {
    const t = await bench.prepare("attention", { tokens, heads, dim, dtype });
    const leaves = bench.make(() => [t.q!, t.k!, t.v!].map(leaf));
    const starts = bench.make(() => Tensor.from([0, tokens], [2], { dtype: "i64" }));
    const title = `full attention ${dtype} ${tokens} × ${heads * dim}`;
    await bench.beside(`${title}, forward`, {
      ...{ peer: "forward", bar: dtype === "bf16" ? atMost(0.7, 0.4) : undefined, known: `full attention ${dtype}, forward` },
      run: plain(() => e.raggedAttention(t.q!, t.k!, t.v!, starts, starts)),
    });
    await bench.beside(`${title}, forward + backward`, {
      peer: "forward + backward",
      run: gradients((q, k, v) => e.raggedAttention(q!, k!, v!, starts, starts), leaves, t.g!),
    });
  }
}

async function splats(bench: Bench): Promise<void> {
  const { splats: m, width, height } = bench.sizes.splats;
  const t = await bench.prepare("splats", { splats: m, width, height });
  const { means, quats, scales, opacities, colors, viewmats, Ks } = t as Record<string, Tensor>;
  const all = { means: means!, quats: quats!, scales: scales!, opacities: opacities!, colors: colors! };
  const camera = { viewmats: viewmats!, Ks: Ks!, width, height };
  const title = `2DGS ${count(m)} splats`;
  await bench.beside(`${title}, ${width} × ${height}, one thread`, {
    ...{ peer: "raster", bar: atMost(0.2, 0.08), threads: 1, known: "2DGS raster, one thread", rounding: 2e-3 },
    run: plain(() => renderSplats(all, camera).color),
    about: "ours projects and sorts too",
  });
  await bench.beside(`${title}, projected (into one pixel), one thread`, {
    ...{ peer: "projection", bar: atMost(0.3, 0.1), threads: 1, known: "2DGS projection, one thread" },
    run: plain(() => renderSplats(all, { ...camera, width: 1, height: 1 }).color),
    results: () => [t.transforms!], // of the same library, by way of the peer's process
  });
  const leaves = bench.make(() => Object.values(all).map(leaf));
  const [a, b, c, d, f] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const rendered = () => renderSplats({ means: a, quats: b, scales: c, opacities: d, colors: f }, camera).color.mean();
  const [forward, both] = (await bench.alternate(
    () => bench.block(rendered),
    () => bench.block(() => grad([rendered()], leaves)),
  )) as [number, number];
  bench.add({
    name: `${title}, ${width} × ${height}, backward beside forward`,
    ...{ ours_ms: both - forward, peer_ms: forward, figure: (both - forward) / forward, bar: atMost(3.5, 2), about: "ours: its own forward" },
  });
  const shapes = { means: a, quats: b, scales: c, opacities: d, colors: f };
  const regularised = (distortion: boolean) => () => {
    const image = renderSplats(shapes, { ...camera, distortion });
    const loss = image.color.mean().add(image.depth.mean());
    return void grad([distortion ? loss.add(image.distortion!.mean()) : loss], leaves);
  };
  await bench.besideOwn(`${title}, ${width} × ${height}, forward + backward: with distortion beside without`, {
    ...{ bar: atMost(1.3), way: "colour and depth alone", run: regularised(true), other: regularised(false) },
  });
}

/** TexFM's condition: what a picture's patches say of the voxels that its pixels see first, and back. */
async function projection(bench: Bench): Promise<void> {
  const { width, height, channels, patch } = bench.sizes.projection;
  const { side } = bench.sizes.ground;
  const coords = await bench.voxels("whole");
  const n = coords.size(0);
  const { voxel } = bench.make(() => {
    const views = viewsFrom([[0.5 * side, -0.3 * side, 0.5 * side]], [0.5 * side, 0.45 * side, 0], { width, height, focal: width });
    return castVoxels(coords.narrow(1, 1, 3).contiguous(), { origin: [0, 0, 0], voxel_m: 1 }, views);
  });
  const file = bench.handOver("voxel.safetensors", { voxel });
  const t = await bench.prepare("projection", { voxel: file, voxels: n, channels, patch });
  const [features, feats] = bench.make(() => [leaf(t.features!), leaf(t.feats!)]);
  const toVoxels = (f: Tensor) => imageToVoxels(f, voxel, n, patch).feats;
  const title = `${channels} features on ${width} × ${height} pixels`;
  const there = `${title}, patches of ${patch}, to ${count(n)} voxels`;
  await bench.beside(`${there}, forward`, { peer: "to voxels, forward", bar: atMost(0.5), run: plain(() => toVoxels(t.features!)) });
  await bench.beside(`${there}, forward + backward`, {
    ...{ peer: "to voxels, forward + backward", bar: atMost(0.5) },
    run: gradients((f) => toVoxels(f!), [features!], t.g!),
  });
  const back = `${title} from ${count(n)} voxels`;
  await bench.beside(`${back}, forward`, { peer: "to pixels, forward", bar: atMost(0.9), run: plain(() => voxelsToImage(t.feats!, voxel)) });
  await bench.beside(`${back}, forward + backward`, {
    ...{ peer: "to pixels, forward + backward", bar: atMost(0.9) },
    run: gradients((f) => voxelsToImage(f!, voxel), [feats!], t.h!),
  });
}

async function ssim(bench: Bench): Promise<void> {
  const { batch, size } = bench.sizes.ssim;
  const t = await bench.prepare("ssim", { batch, size });
  const leaves = bench.make(() => [t.x!, t.y!].map(leaf));
  const run = gradients((x, y) => e.ssim(x!, y!), leaves, t.g!);
  await bench.beside(`SSIM ${batch} × 3 × ${size} × ${size}, forward + backward`, { peer: "forward + backward", run, rounding: 1e-4 });
}

async function adamw(bench: Bench): Promise<void> {
  const { count: tensors, size } = bench.sizes.adamw;
  const { name, run } = await adamwUpdate(bench, tensors, size);
  await bench.beside(name, { peer: "update", bar: atMost(0.7), run, about: "the first update is compared" });
}

async function launches(bench: Bench): Promise<void> {
  const { chain } = bench.sizes;
  await bench.prepare("launches", { chain });
  const { a, b } = bench.make(() => ({ a: Tensor.ones([]), b: Tensor.full([], 2) }));
  const run = () => {
    let last = a;
    for (let i = 0; i < chain; ++i) last = a.add(b);
    return [last];
  };
  await bench.beside("typed add of two scalars inside a scope", {
    peer: "add",
    bar: atMost(0.75, 0.6),
    run,
    compared: false,
    per: chain,
    threads: 1,
  });
}

export const groups: Group[] = [
  { name: "launches", run: launches },
  { name: "neighbour map", run: neighbourMap },
  { name: "convolution", run: convolution },
  { name: "strided convolution", run: stridedConvolution },
  { name: "window attention", run: windows },
  { name: "full attention", run: fullAttention },
  { name: "T-block", run: block },
  { name: "splats", run: splats },
  { name: "projection", run: projection },
  { name: "ssim", run: ssim },
  { name: "adamw", run: adamw },
];
