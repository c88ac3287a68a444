/**
 * Dense layers beside libtorch's own (`aten::linear`: MKL on x86), f32, in one run on the same tensors: milliseconds, GFLOP/s, ratio (below 1 we are faster).
 *
 *     ./earthcraft bun test/bench/linear.ts [--threads 1] [--rows 2048,100000] [--json]
 *
 * On Intel's processors earthcraft uses libtorch's own, and compares it with itself; EARTHCRAFT_LINEAR=ours has ours run there, as `make bench` does.
 */
import { parseArgs } from "node:util";
import { grad, noGrad, normal, ops, scope, setThreads, type Tensor } from "../../ffi";
import { measure } from "./gpu/table";

const { values } = parseArgs({
  args: Bun.argv.slice(2),
  options: {
    threads: { type: "string", default: "1" },
    rows: { type: "string", default: "256,2048,16384,100000" },
    json: { type: "boolean", default: false },
  },
});
/** Channels in and out: of the mini flows, of TexFM's levels, of the paper's LatentSFM. */
const CHANNELS = [
  [32, 96],
  [96, 384],
  [384, 96],
  [512, 2048],
  [1024, 1024],
] as const;
/** Rounds in turn, of which the quicker counts: whatever else the machine does then meets both. */
const ROUNDS = 3;

const cell = (value: string, width: number) => value.padStart(width);
const relative = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item() / b.abs().max().item();

setThreads(Number(values.threads));
if (!values.json)
  console.log(`dense layers, f32, ${values.threads} thread(s)${" ".repeat(17)}ours ms   peer ms  ratio   GFLOP/s ours  peer    error`);
for (const rows of values.rows.split(",").map(Number))
  for (const [inputs, outputs] of CHANNELS) {
    if (rows * inputs * outputs > 4e10) continue; // minutes
    scope(() => {
      const draw = (shape: number[], index: number) => normal(shape, { seed: 1, purpose: "test", index });
      const [x, weight, bias] = [draw([rows, inputs], 0), draw([outputs, inputs], 1), draw([outputs], 2)].map((t) => t.requiresGrad_());
      const slope = draw([rows, outputs], 3);
      const layer = { ours: () => ops.earthcraft.linear(x!, weight!, bias), peer: () => ops.aten.linear(x!, weight!, bias) };
      const gradients = (forward: () => Tensor) => grad([forward()], [x!, weight!, bias!], [slope]) as Tensor[];
      for (const way of ["forward", "forward + backward"] as const) {
        const run = (who: "ours" | "peer") => (way === "forward" ? noGrad(layer[who]) : gradients(layer[who]));
        const best = { ours: Number.POSITIVE_INFINITY, peer: Number.POSITIVE_INFINITY };
        for (let round = 0; round < ROUNDS; round++)
          for (const who of ["ours", "peer"] as const)
            best[who] = Math.min(
              best[who],
              measure(() => run(who), "cpu"),
            );
        const [ours, peer] = (["ours", "peer"] as const).map((who) => [run(who)].flat());
        const error = Math.max(...ours!.map((t, i) => relative(t, peer![i]!)));
        if (values.json) {
          const name = `linear f32 ${rows} × ${inputs} → ${outputs}, ${way}`;
          console.log(JSON.stringify({ name, ours_ms: best.ours, peer_ms: best.peer, ratio: best.ours / best.peer, error, about: "aten::linear" }));
          continue;
        }
        const gflops = (ms: number) => ((way === "forward" ? 2 : 6) * rows * inputs * outputs) / ms / 1e6;
        console.log(
          `${`${rows} × ${inputs} → ${outputs}, ${way}`.padEnd(40)}${cell(best.ours.toFixed(3), 13)}${cell(best.peer.toFixed(3), 10)}${cell((best.ours / best.peer).toFixed(2), 7)}` +
            `${cell(gflops(best.ours).toFixed(0), 15)}${cell(gflops(best.peer).toFixed(0), 6)}${cell(error.toExponential(1), 9)}`,
        );
      }
    });
  }
