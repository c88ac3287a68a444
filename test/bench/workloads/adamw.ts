/** Clip + AdamW + EMA over many parameters of one size, as both benches time it. */
import { ops, Tensor } from "../../../ffi";

interface Bench {
  make<T>(body: () => T): T;
  prepare(group: string, how: Record<string, unknown>): Promise<Record<string, Tensor>>;
}

const OPTIONS = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.01, clip: 1, ema: 0.999 };

/** The row's name, and what runs; it returns what the first update made: the first and the last parameter, and their averages, f32 [size]. */
export async function adamwUpdate(bench: Bench, tensors: number, size: number): Promise<{ name: string; run: () => Tensor[] }> {
  const { base, slope } = await bench.prepare("adamw", { count: tensors, size, ...OPTIONS });
  const each = (make: (i: number) => Tensor) => bench.make(() => Array.from({ length: tensors }, (_, i) => make(i)));
  const params = each((i) => base!.mul(1 + i / 64));
  const grads = each((i) => slope!.mul(1 - i / 128));
  const averages = each((i) => params[i]!.clone());
  const [means, squares] = [each(() => Tensor.zeros([size])), each(() => Tensor.zeros([size]))];
  const { decay: weightDecay, ema: emaDecay, ...rest } = OPTIONS;
  let step = 0;
  let first: Tensor[] | undefined;
  const run = () => {
    ops.earthcraft.adamw_(params, grads, means, squares, averages, { ...rest, weightDecay, emaDecay, step: ++step });
    first ??= bench.make(() => [params[0]!, params.at(-1)!, averages[0]!, averages.at(-1)!].map((t) => t.clone()));
    return first;
  };
  return { name: `clip + AdamW + EMA, ${((tensors * size) / 1e6).toPrecision(3)} M in ${tensors} tensors`, run };
}
