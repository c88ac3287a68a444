/**
 * Samples for GPUs beside those of `test/operators`: the types, shapes and ranges for which a kernel takes another path there.
 * What they compute is compared with the CPU's operators, which have tests of their own against references that share no code.
 */
import { autocast, noGrad, ops, Tensor } from "../../ffi";
import { data, index, leaf, positive, type Samples } from "../operators/sample";
import { coordsOf, randomRows } from "../voxels";

const e = ops.earthcraft;

/** Two batches of a thick sheet, in no order, without corners that would make it symmetric. */
const voxels = (count: number, seed: number) => coordsOf(randomRows({ count: count / 2, extent: [41, 37, 9], batches: 2, seed }));

function convolution(
  count: number,
  channels: readonly [number, number],
  to: "f32" | "bf16" | "f64",
  kind: "same" | "down" | "up",
  kernel: 2 | 3 = 3,
): readonly Tensor[] {
  const fine = e
    .voxelUnique(voxels(Math.max(count, 3000), 7))[0]
    .narrow(0, 0, count)
    .contiguous();
  const [coarse, , children] = e.voxelCoarsen(fine);
  const strided = kernel === 3 ? e.neighbourMap(coarse, fine, 3, 2) : children;
  const [there, back] =
    kind === "same"
      ? [e.convPairs(e.neighbourMap(fine, fine, 3, 1)), null]
      : [e.convPairs(strided), e.convPairs(e.neighbourMapTurned(strided, fine.size(0)))];
  const [pairs, backwards] = kind === "up" ? [back!, there] : [there, back];
  const [rows_in, rows_out] = kind === "up" ? [coarse, fine] : kind === "down" ? [fine, coarse] : [fine, fine];
  const feats = leaf(rows_in.size(0), channels[0]);
  const weight = leaf(kernel ** 3, ...channels).mul(0.1);
  const bias = leaf(channels[1]);
  const out = e.sparseConv(feats.to(to), weight.to(to), bias.to(to), ...pairs, backwards?.[0] ?? null, backwards?.[1] ?? null, rows_out.size(0));
  return [out.to(to === "f64" ? "f64" : "f32")];
}

function windows(count: number, heads: number, dim: number, to: "f32" | "bf16" | "f64", shift = 4, edge = 8): readonly Tensor[] {
  const coords = voxels(count, 8);
  const [order, starts] = e.windowPartition(coords, edge, shift);
  return [e.windowAttentionPacked(leaf(count, 3, heads, dim).to(to), order, starts).to(to === "f64" ? "f64" : "f32")];
}

/** Scenes of very different size, one of them without queries and one without keys. */
function scenes(heads: number, dim: number, to: "f32" | "bf16" | "f64"): readonly Tensor[] {
  const [queries, keys] = [
    [0, 700, 700, 703, 1000],
    [0, 333, 350, 350, 1200],
  ].map((starts) => Tensor.from(starts, [5], { dtype: "i64" })) as [Tensor, Tensor];
  const [q, k, v] = [leaf(1000, heads, dim), leaf(1200, heads, dim), leaf(1200, heads, dim)].map((t) => t.to(to)) as [Tensor, Tensor, Tensor];
  return [e.raggedAttention(q, k, v, queries, keys).to(to === "f64" ? "f64" : "f32")];
}

const half = (...shape: number[]) => leaf(...shape).to("bf16");

/** What two views see of 700 voxels: −1 among the rows. */
const rowsSeen = () => index(701, 2, 70, 90).sub(1).to("i32");

/** Three scenes, the middle one empty. */
const scenesOf = (rows: number) => Tensor.from([0, Math.floor(rows / 3), Math.floor(rows / 3), rows], [4], { dtype: "i64" });

export const gpuSamples: Samples = {
  "sparse_conv f32, odd channels": () => convolution(3000, [5, 19], "f32", "same"),
  "sparse_conv f32, many channels": () => convolution(1400, [200, 136], "f32", "same"),
  "sparse_conv f32, strided": () => convolution(3000, [32, 40], "f32", "down"),
  "sparse_conv f32, transposed": () => convolution(3000, [40, 32], "f32", "up"),
  "sparse_conv f64": () => convolution(900, [12, 20], "f64", "same"),
  "sparse_conv bf16": () => convolution(6000, [64, 96], "bf16", "same"),
  "sparse_conv bf16, odd channels": () => convolution(3000, [13, 27], "bf16", "same"),
  "sparse_conv bf16, strided": () => convolution(3000, [48, 64], "bf16", "down"),
  "sparse_conv bf16, transposed": () => convolution(3000, [64, 48], "bf16", "up"),
  "sparse_conv bf16, 8 channels": () => convolution(3000, [8, 8], "bf16", "same"),
  "sparse_conv bf16, 72 and 512 channels": () => convolution(3000, [72, 512], "bf16", "same"),
  "sparse_conv bf16, 512 and 320 channels": () => convolution(700, [512, 320], "bf16", "same"),
  "sparse_conv bf16, 512 channels": () => convolution(1500, [512, 520], "bf16", "same"),
  "sparse_conv bf16, 1280 channels": () => convolution(300, [1280, 1280], "bf16", "same"),
  "sparse_conv bf16, 512 channels, strided": () => convolution(900, [512, 136], "bf16", "down"),
  "sparse_conv bf16, kernel 2": () => convolution(3000, [64, 128], "bf16", "down", 2),
  "sparse_conv bf16, kernel 2, transposed": () => convolution(3000, [128, 64], "bf16", "up", 2),
  ...Object.fromEntries(
    [1, 127, 128, 129, 257].map((rows) => [`sparse_conv bf16 of ${rows} voxels`, () => convolution(rows, [136, 200], "bf16", "same")]),
  ),
  "sparse_conv bf16 of no voxel": () => {
    const none = Tensor.from(Int32Array.of(), [0, 4]);
    const [pairs, starts] = e.convPairs(e.neighbourMap(none, none, 3, 1));
    return e.sparseConv(half(0, 128), half(27, 128, 128), half(128), pairs, starts, null, null, 0).to("f32");
  },
  "sparse_conv of no voxel": () => {
    const none = Tensor.from(Int32Array.of(), [0, 4]);
    const [pairs, starts] = e.convPairs(e.neighbourMap(none, none, 3, 1));
    return e.sparseConv(leaf(0, 8), leaf(27, 8, 8), leaf(8), pairs, starts, null, null, 0);
  },
  "sparse_conv under autocast": () => {
    const coords = e.voxelUnique(voxels(2000, 9))[0];
    const [pairs, starts] = e.convPairs(e.neighbourMap(coords, coords, 3, 1));
    const [feats, weight] = [leaf(coords.size(0), 32), leaf(27, 32, 32)];
    return autocast("bf16", () => e.sparseConv(feats, weight, null, pairs, starts, null, null, coords.size(0))).to("f32");
  },
  "linear bf16": () => [e.linear(half(3000, 48), half(64, 48), half(64)).to("f32")],
  "linear bf16, odd columns": () => [e.linear(half(70, 2, 48), half(27, 48), half(27)).to("f32")],
  "linear bf16 of no row": () => [e.linear(half(0, 48), half(64, 48), half(64)).to("f32")],
  "linear under autocast": () => [autocast("bf16", () => e.linear(leaf(900, 48), leaf(1024, 48), leaf(1024))).to("f32")],
  "window_attention f32, D 64": () => windows(4000, 2, 64, "f32"),
  "window_attention f32, D 20": () => windows(2000, 3, 20, "f32", 0),
  "window_attention f32, D 256": () => windows(1000, 1, 256, "f32"),
  "window_attention f64, D 24": () => windows(600, 2, 24, "f64"),
  "window_attention bf16, D 64": () => windows(4000, 2, 64, "bf16"),
  "window_attention bf16, D 32": () => windows(4000, 3, 32, "bf16", 0),
  "window_attention bf16, D 16": () => windows(4000, 3, 16, "bf16"),
  "window_attention bf16, a head's tokens fill a block": () => windows(7200, 2, 64, "bf16"),
  "window_attention bf16, heads one after another": () => windows(20_000, 8, 64, "bf16", 0, 4),
  "window_attention bf16, many heads one after another": () => windows(5000, 8, 32, "bf16", 0, 2),
  "window_attention bf16, more tokens than a block keeps": () => windows(9000, 2, 64, "bf16"),
  "window_attention bf16, more tokens than a window has": () => windows(18_000, 2, 32, "bf16"),
  "window_attention bf16, D 20": () => windows(2000, 3, 20, "bf16"),
  "ragged_attention f32": () => scenes(2, 32, "f32"),
  "ragged_attention bf16": () => scenes(2, 64, "bf16"),
  "ragged_attention bf16 of long sets of one length": () => {
    const starts = Tensor.from([0, 1100, 2200], [3], { dtype: "i64" });
    return [e.raggedAttention(half(2200, 2, 64), half(2200, 2, 64), half(2200, 2, 64), starts, starts).to("f32")];
  },
  "layer_norm of bf16 under autocast": () => [autocast("bf16", () => e.layerNorm(half(700, 96), leaf(96), leaf(96)))],
  "layer_norm bf16 of odd channels": () => [e.layerNorm(half(300, 37)).to("f32")],
  "layer_norm f32 of many rows": () => [e.layerNorm(leaf(3000, 40), leaf(40), leaf(40))],
  "modulated_norm bf16": () => [e.modulatedNorm(half(700, 96), half(3, 96), half(3, 96), scenesOf(700)).to("f32")],
  "modulated_norm f32 of many rows": () => [e.modulatedNorm(leaf(3000, 40), leaf(3, 40), leaf(3, 40), scenesOf(3000))],
  "gated_add bf16": () => [e.gatedAdd(leaf(700, 96), half(3, 96), half(700, 96), scenesOf(700))],
  "gated_add f32 of many rows": () => [e.gatedAdd(leaf(3000, 40), leaf(3, 40), leaf(3000, 40), scenesOf(3000))],
  "head_norm bf16, strided": () => [e.headNorm(half(700, 3, 4, 24).select(1, 1), leaf(4, 24)).to("f32")],
  "head_norm f32 of many rows": () => [e.headNorm(leaf(3000, 3, 2, 16).select(1, 0), leaf(2, 16))],
  "sparse_avg_down bf16": () => {
    const [, parent, children] = e.voxelCoarsen(voxels(3000, 5));
    return e.sparseAvgDown(leaf(3000, 24).to("bf16"), children, parent).to("f32");
  },
  "voxel sets in no order": () => {
    const [a, b] = [voxels(3000, 5), voxels(2000, 6)];
    const none = Tensor.from(Int32Array.of(), [0, 4]);
    return [e.voxelUnion(a, b), e.voxelDifference(a, b), e.voxelUnique(none), e.voxelCoarsen(a), e.voxelUnion(a, none)].flat();
  },
  "maps of voxels in no order": () => {
    const coords = voxels(3000, 5);
    const [coarse] = e.voxelCoarsen(coords);
    return [e.neighbourMap(coords, coords, 3, 1), e.neighbourMap(coarse, coords, 2, 2), e.voxelLookup(coords, voxels(2000, 6))];
  },
  "windows of voxels in no order": () => [...e.windowPartition(voxels(3000, 5), 8, 4), ...e.windowPartition(voxels(3000, 5), 65536, 0)],
  "image_to_voxels bf16": () => [e.imageToVoxels(half(2, 16, 9, 12), rowsSeen(), 700, 8)[0].to("f32")],
  "image_to_voxels f64, patches of 8 / 3 pixels": () => e.imageToVoxels(leaf(2, 3, 27, 36).to("f64"), rowsSeen(), 700, 8 / 3),
  "image_to_voxels of a voxel that thousands of pixels see": () => e.imageToVoxels(leaf(2, 5, 70, 90), rowsSeen().clamp(-1, 2), 4),
  "image_to_voxels of nothing seen, and of no pixel": () => [
    ...e.imageToVoxels(leaf(2, 3, 70, 90), Tensor.full([2, 70, 90], -1, { dtype: "i32" }), 20),
    ...e.imageToVoxels(leaf(0, 3, 1, 1), Tensor.zeros([0, 70, 90], { dtype: "i32" }), 20),
  ],
  "voxels_to_image bf16": () => [e.voxelsToImage(half(700, 16), rowsSeen()).to("f32")],
  "voxels_to_image f64, 1 channel": () => [e.voxelsToImage(leaf(700, 1).to("f64"), rowsSeen())],
  "hash_grid, rows that thousands of samples meet in": () => e.hashGrid(positive(5000, 3).sub(0.5), leaf(8 + 27, 2), [1, 2], 10),
  "hash_grid, 1 feature": () => e.hashGrid(positive(700, 3).sub(0.7), leaf(125 + 1024, 1), [4, 200], 10),
  "hash_grid, 8 features": () => e.hashGrid(positive(700, 3).sub(0.5), leaf(125 + 1024, 8), [4, 30], 10),
  "hash_grid f64": () => [e.hashGrid(positive(700, 3).sub(0.5).to("f64"), leaf(125 + 1024, 4).to("f64"), [4, 30], 10)],
  "hash_grid of no sample": () => e.hashGrid(leaf(0, 3), leaf(125, 2), [4], 10),
  "sh_encode f64, 3 degrees": () => [e.shEncode(leaf(300, 3).to("f64"), 3)],
  "fused_mlp of three hidden layers": () => e.fusedMlp(leaf(900, 7), leaf(7 * 16 + 16 * 16 + 16 * 16 + 16).mul(0.2), [7, 16, 16, 16, 1]),
  "composite f64": () => {
    const f64 = (t: Tensor) => t.to("f64");
    const starts = Tensor.from([0, 3, 3, 200, 300], [5], { dtype: "i64" });
    return e.composite(f64(positive(300)), f64(leaf(300, 4)), f64(data(300).abs().mul(0.1)), f64(data(300).abs()), starts, 0);
  },
  "adamw_ of f32 moments": () =>
    noGrad(() => {
      const params = [data(300, 257), data(33), data(1)];
      const [means, squares] = [params.map((p) => Tensor.zeros(p.shape)), params.map((p) => Tensor.zeros(p.shape))];
      const options = { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, clip: 0, emaDecay: 0, step: 3, seed: 4 };
      e.adamw_(params, [data(300, 257), data(33), data(1)], means, squares, [], options);
      return [...params, ...means, ...squares];
    }),
  "marching_cubes of a slab among others": () => {
    const volume = data(9, 12, 65);
    return [e.marchingCubes(volume.narrow(0, 1, 8), -0.2, [1, 1, 1], [0, 0, 0], "below", volume.select(0, 0), 40, 1000, true)].flat();
  },
  "marching_cubes of the last plane, and of nothing": () => {
    const volume = data(2, 5, 7);
    const last = e.marchingCubes(volume.narrow(0, 1, 1), 0, [1, 1, 1], [0, 0, 0], "above", volume.select(0, 0), 3, 50);
    return [...last, ...e.marchingCubes(data(1, 5, 7)), ...e.marchingCubes(volume, 99)];
  },
};
