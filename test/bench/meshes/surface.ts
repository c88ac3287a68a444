/** Marching cubes beside VTK's FlyingEdges3D and scikit-image's, over three sizes. */
import { ops, scope, type Tensor } from "../../../ffi";
import { type Mesh, marchingCubes } from "../../../ffi/mesh";
import { peakMemory, type Table } from "./table";

const LEVEL = 0.013; // on no value exactly, so that vertices are distinct

/** A ground of hills and hollows with overhangs: about 2.4 vertices for every column. */
export function ground(n: number): Tensor {
  return scope(() => {
    const line = (step: number, axis: number) =>
      ops.aten
        .arange(n)
        .to("f32")
        .mul(step / n)
        .reshape([0, 1, 2].map((other) => (other === axis ? n : 1)));
    const [x, y, z] = [line(1, 0), line(1, 1), line(1, 2)];
    const hills = x
      .mul(17)
      .sin()
      .mul(y.mul(23).cos())
      .mul(0.11)
      .add(x.mul(41).add(y.mul(29)).sin().mul(0.05));
    const ripples = z.mul(60).sin().mul(y.mul(50).sin()).mul(0.012);
    return hills.sub(z).add(0.5).add(ripples).contiguous();
  });
}

/** Before anything of this size has run: freed memory that the process keeps would hide what a run takes. */
function memory(table: Table, volume: Tensor, run: () => Mesh): void {
  peakMemory();
  const before = peakMemory().now;
  const begin = performance.now();
  const output = scope(() => {
    const { vertices, faces } = run();
    return 4 * (vertices.numel + faces.numel);
  });
  const ours_ms = performance.now() - begin;
  const ratio = (peakMemory().peak - before - output) / (4 * volume.numel);
  table.row({ name: "marching cubes 512³, memory beside volume and output / volume", ours_ms, ratio, bar: 0.1, error: 0 });
}

export async function surface(table: Table): Promise<void> {
  const times: number[] = [];
  for (const n of [128, 256, 512]) {
    const volume = ground(n);
    const run = () => marchingCubes(volume, { level: LEVEL });
    const full = n === 512; // the size that the paper's scenes are drawn at
    if (full) memory(table, volume, run);
    const peer = { volume: table.give(`volume-${n}`, volume), shape: volume.shape, level: LEVEL };
    const check = ({ vertices }: ReturnType<typeof run>) => ({ check: table.give("surface", vertices) });
    times.push(
      await table.compare({
        name: `marching cubes ${n}³, VTK FlyingEdges3D`,
        bar: full ? 1.5 : undefined,
        stretch: full ? 0.7 : undefined,
        ours: run,
        peer: { task: "flying_edges", ...peer },
        check,
        rounds: full ? undefined : 15,
      }),
    );
    await table.compare({
      name: `marching cubes ${n}³, scikit-image`,
      bar: full ? 0.2 : undefined,
      ours: run,
      peer: { task: "lewiner", ...peer },
      check,
      rounds: 2,
    });
    await table.ask({ task: "forget" });
    volume.dispose();
  }
  for (const [i, from] of [128, 256].entries())
    table.row({
      name: `marching cubes, ${2 * from}³ / ${from}³ in time`,
      ours_ms: times[i + 1]!,
      peer_ms: times[i]!,
      ratio: times[i + 1]! / times[i]!,
      bar: 8.3,
      error: 0,
    });
}
