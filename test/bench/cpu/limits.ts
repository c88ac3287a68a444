/** What no peer holds: growth with the number of voxels, gain by a second thread, memory and checkpoints. */
import { autocast, checkpoint, grad, memory, noGrad, normal, ops, resetPeakMemory, scope, setThreads, Tensor } from "../../../ffi";
import { SparseIndex } from "../../../ffi/sparse";
import { renderSplats } from "../../../ffi/splat";
import { TwoLayers } from "../workloads/two-layers";
import type { Bench } from "./bench";
import { convolve, count, type Group, leaf, plain } from "./groups";
import { time } from "./table";

const e = ops.earthcraft;
const MB = 1e6;
/** Working memory that a thread may take beside tensors that are counted. */
const THREAD_BYTES = 1 * MB;

const drawn = (shape: readonly number[], index: number) => normal(shape, { seed: 1, purpose: "test", index });

/** Slope of log time over log size: 1 is linear. */
function exponentOf(sizes: readonly number[], times: readonly number[]): number {
  const [x, y] = [sizes.map(Math.log), times.map(Math.log)];
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  return x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0) / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}

async function growth(bench: Bench): Promise<void> {
  const { heads, dim } = bench.sizes.windows[0]!;
  const c = bench.sizes.channels;
  const sets: SparseIndex[] = [];
  for (const cut of ["small", "middle", "whole"] as const) {
    const coords = await bench.voxels(cut);
    sets.push(bench.make(() => SparseIndex.of(coords)));
  }
  const inputs = bench.make(() => sets.map(({ size }) => ({ f: drawn([size, c], 1), qkv: drawn([size, 3, heads, dim], 2) })));
  const w = bench.make(() => drawn([27, c, c], 3).mul(0.05));
  const ways: Record<string, (i: number) => Tensor[]> = {
    "neighbour map": (i) => [e.neighbourMap(sets[i]!.coords, sets[i]!.coords, 3, 1)],
    [`conv 3³ ${c}→${c} f32, forward`]: (i) => plain(() => convolve(inputs[i]!.f, w, sets[i]!))(),
    [`window attention f32 × ${heads * dim}, forward`]: (i) => {
      const { order, starts } = sets[i]!.windows(8, 0);
      return plain(() => e.windowAttentionPacked(inputs[i]!.qkv, order, starts))();
    },
  };
  for (const [name, run] of Object.entries(ways)) {
    for (const i of sets.keys()) bench.block(() => run(i));
    const times = await bench.alternate(...sets.map((_, i) => () => bench.block(() => run(i))));
    const exponent = exponentOf(
      sets.map(({ size }) => size),
      times,
    );
    bench.add({
      ...{ name: `${name}: growth over ${sets.map(({ size }) => count(size)).join(", ")} voxels`, ours_ms: times.at(-1)!, figure: exponent },
      ...{ shown: `N^${exponent.toFixed(2)}`, bar: { at: 1.05, better: "less" }, about: times.map(time).join(", ") },
    });
  }
}

async function secondThread(bench: Bench): Promise<void> {
  const { heads, dim } = bench.sizes.windows[0]!;
  const c = bench.sizes.channels;
  const coords = await bench.voxels("middle");
  const index = bench.make(() => SparseIndex.of(coords));
  const { splats: m, width, height } = bench.sizes.splats;
  const t = (await bench.prepare("splats", { splats: m, width, height })) as Record<string, Tensor>;
  const { f, w, qkv } = bench.make(() => ({
    ...{ f: drawn([index.size, c], 1), w: drawn([27, c, c], 3).mul(0.05), qkv: drawn([index.size, 3, heads, dim], 2) },
  }));
  const { order, starts } = index.windows(8, 0);
  const wall = (run: () => unknown) => {
    const begin = performance.now();
    let calls = 0;
    do {
      scope(() => void run());
      ++calls;
    } while (performance.now() - begin < 1000 * bench.options.seconds);
    return (performance.now() - begin) / calls;
  };
  const { means, quats, scales, opacities, colors, viewmats, Ks } = t;
  const shapes = { means: means!, quats: quats!, scales: scales!, opacities: opacities!, colors: colors! };
  const ways = {
    [`conv 3³ ${c}→${c} f32 ${count(index.size)}, forward`]: plain(() => convolve(f, w, index)),
    [`window attention f32 ${count(index.size)} × ${heads * dim}, forward`]: plain(() => e.windowAttentionPacked(qkv, order, starts)),
    [`2DGS ${count(m)} splats, ${width} × ${height}`]: plain(() => renderSplats(shapes, { viewmats: viewmats!, Ks: Ks!, width, height }).color),
  };
  for (const [name, run] of Object.entries(ways)) {
    const by = (threads: number) => () => {
      setThreads(threads);
      return wall(run);
    };
    by(2)();
    const [one, two] = (await bench.alternate(by(1), by(2))) as [number, number];
    const gain = one / two;
    bench.add({
      ...{ name: `${name}: two threads beside one`, ours_ms: two, peer_ms: one, figure: gain, shown: `${gain.toFixed(2)} ×` },
      ...{ bar: { at: 1.8, better: "more" }, about: "ours: one thread" },
    });
  }
}

/** Peak bytes of tensors as a share of what they may be. */
function budget(bench: Bench, name: string, bytes: number, allowed: number, about: string): void {
  const shown = `${(bytes / MB).toFixed(0)} of ${(allowed / MB).toFixed(0)} MB`;
  bench.add({ name, figure: bytes / allowed, shown, bar: { at: 1, better: "less" }, about });
}

async function memoryLimits(bench: Bench): Promise<void> {
  const { heads, dim } = bench.sizes.windows[0]!;
  const c = bench.sizes.channels;
  const coords = await bench.voxels("middle");
  const index = bench.make(() => SparseIndex.of(coords));
  const n = index.size;
  const working = bench.options.threads * THREAD_BYTES;
  const { f, w, qkv } = bench.make(() => ({ f: drawn([n, c], 1), w: drawn([27, c, c], 3), qkv: drawn([n, 3, heads, dim], 2) }));
  const { pairs } = index.submanifold();
  const [map, features] = [8 * pairs.size(1), 4 * n * c];
  const conv = bench.peakOf(plain(() => convolve(f, w, index)));
  const convTitle = `conv 3³ ${c}→${c} f32 ${count(n)}, forward: in + out + map at their peak`;
  budget(bench, convTitle, features + map + conv, 2 * features + map + working, "allowed: in + out + pairs + 1 MB a thread");
  const { order, starts } = index.windows(8, 0);
  const attention = bench.peakOf(plain(() => e.windowAttentionPacked(qkv, order, starts)));
  const out = 4 * n * heads * dim;
  const allowed = out + 4 * n * heads + working;
  budget(
    bench,
    `window attention f32 ${count(n)} × ${heads * dim}, forward: peak`,
    attention,
    allowed,
    "allowed: out + one float a row and head + 1 MB a thread",
  );

  const { tokens, heads: h, dim: d } = bench.sizes.long;
  const unit = 2 * tokens * h * d;
  const before = memory().liveBytes;
  resetPeakMemory();
  const begin = performance.now();
  scope(() => {
    const [q, k, v] = [4, 5, 6].map((i) => scope(() => drawn([tokens, h, d], i).to("bf16"))) as [Tensor, Tensor, Tensor];
    const all = Tensor.from([0, tokens], [2], { dtype: "i64" });
    resetPeakMemory();
    noGrad(() => e.raggedAttention(q, k, v, all, all));
  });
  const peak = memory().peakBytes - before;
  const title = `full attention bf16 ${tokens} × ${h * d}, forward: peak`;
  budget(bench, title, peak, 4 * unit + 256 * MB, `allowed: q + k + v + out + 256 MB; took ${time(performance.now() - begin)}`);
}

async function replay(bench: Bench): Promise<void> {
  const { rows, channels } = bench.sizes.replay;
  const net = new TwoLayers(channels).materialize({ seed: 1 });
  bench.atEnd(() => net.dispose());
  const [x, seed] = bench.make(() => [leaf(drawn([rows, channels], 1)), drawn([rows, channels], 2).to("bf16")]) as [Tensor, Tensor];
  const leaves = [x, ...net.parameters().map(({ tensor }) => tensor)];
  await bench.besideOwn(`checkpoint of two layers ${rows} × ${channels} × ${4 * channels} bf16: forward + replayed backward`, {
    bar: { at: 1.02, better: "less" },
    way: "two forwards and a backward",
    run: () => void grad([autocast("bf16", () => checkpoint(() => net.forward(x)))], leaves, [seed]),
    other: () => {
      noGrad(() => autocast("bf16", () => net.forward(x)));
      grad([autocast("bf16", () => net.forward(x))], leaves, [seed]);
    },
  });
}

export const limits: Group[] = [
  { name: "checkpoint", run: replay },
  { name: "growth", run: growth },
  { name: "threads", run: secondThread },
  { name: "memory", run: memoryLimits },
];
