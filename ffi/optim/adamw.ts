/** AdamW with clipping and a moving average, one operator a step. */
import { Arena } from "../arena";
import { noGrad } from "../autograd";
import { ArgumentError } from "../errors";
import type { Parameter } from "../nn";
import { ops } from "../ops.gen";
import { scope } from "../scope";
import { Tensor } from "../tensor";
import { loadState } from "./load-state";
import { emaDecay } from "./schedules";

export interface AdamWOptions {
  lr: number;
  betas?: readonly [number, number];
  eps?: number;
  weightDecay?: number;
  /** Largest norm of all gradients together; 0: no clipping. */
  clip?: number;
  /** Decay of the moving average of the weights; 0: none is kept. */
  ema?: number;
  /** bf16 halves the moments' memory and rounds them stochastically. */
  moments?: "f32" | "bf16";
  /** Of stochastic rounding. */
  seed?: number;
}

export interface StepResult {
  /** Norm of all gradients before clipping. */
  gradNorm: number;
  /** False: some gradient was not finite and nothing was changed. */
  finite: boolean;
}

interface State {
  name: string;
  parameter: Parameter;
  mean: Tensor;
  square: Tensor;
  ema: Tensor | undefined;
}

export class AdamW {
  readonly #arena = new Arena("AdamW");
  readonly #states: State[];
  readonly #options: Required<AdamWOptions>;
  /** Updates made so far. */
  stepCount = 0;

  /** @param params by name, so that the state can be saved: `module.namedParameters()`. Frozen ones are left alone. */
  constructor(params: ReadonlyMap<string, Parameter> | readonly Parameter[], options: AdamWOptions) {
    this.#options = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, clip: 0, ema: 0, moments: "f32", seed: 0, ...options };
    const { betas, moments, ema } = this.#options;
    if (!betas.every((b) => b >= 0 && b < 1)) throw new ArgumentError(`AdamW: betas must lie in [0, 1), got ${betas.join(" and ")}`);
    const entries = params instanceof Map ? [...params] : (params as readonly Parameter[]).map((p, i) => [String(i), p] as const);
    this.#states = entries
      .filter(([, parameter]) => parameter.trainable)
      .map(([name, parameter]) => {
        const device = parameter.tensor.device;
        const zeros = () => this.#arena.run(() => Tensor.zeros(parameter.shape, { dtype: moments, device }));
        const average = ema > 0 ? this.#arena.run(() => noGrad(() => parameter.tensor.detach().clone())) : undefined;
        return { name, parameter, mean: zeros(), square: zeros(), ema: average };
      });
  }

  /** One update from the gradients at hand; a parameter without one is left alone. */
  step(lr = this.#options.lr): StepResult {
    const { betas, eps, weightDecay, clip, ema, seed } = this.#options;
    return scope(() =>
      noGrad(() => {
        const active: State[] = [];
        const grads: Tensor[] = [];
        for (const state of this.#states) {
          const gradient = state.parameter.tensor.grad;
          if (gradient === null) continue;
          active.push(state);
          grads.push(gradient);
        }
        const step = this.stepCount + 1;
        const [gradNorm, finite] = ops.earthcraft.adamw_(
          active.map((s) => s.parameter.tensor),
          grads,
          active.map((s) => s.mean),
          active.map((s) => s.square),
          active.flatMap((s) => s.ema ?? []),
          { lr, beta1: betas[0], beta2: betas[1], eps, weightDecay, clip, emaDecay: emaDecay(ema, this.stepCount), step, seed },
        );
        if (finite) this.stepCount = step;
        return { gradNorm, finite };
      }),
    );
  }

  zeroGrad(): void {
    for (const { parameter } of this.#states) parameter.tensor.zeroGrad();
  }

  /** The moving average of the weights by name; not copies. Empty when none is kept. */
  emaState(): Map<string, Tensor> {
    return new Map(this.#states.flatMap(({ name, ema }) => (ema === undefined ? [] : [[name, ema]])));
  }

  /** `mean.<name>`, `square.<name>` and `ema.<name>`; not copies. `stepCount` belongs to it. */
  stateDict(): Map<string, Tensor> {
    return new Map(
      this.#states.flatMap(({ name, mean, square, ema }) => [
        [`mean.${name}`, mean] as const,
        [`square.${name}`, square] as const,
        ...(ema === undefined ? [] : [[`ema.${name}`, ema] as const]),
      ]),
    );
  }

  /** Copies a saved state in. @throws when a name is missing or a shape differs; then nothing was copied */
  loadStateDict(state: ReadonlyMap<string, Tensor>, stepCount: number): void {
    loadState("AdamW", this.stateDict(), state);
    this.stepCount = stepCount;
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
