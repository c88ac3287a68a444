/** Adam for parameters of which a step touches few, as the tables of hash grids: the rest keep values and moments (PyTorch's SparseAdam). */
import { Arena } from "../arena";
import { noGrad } from "../autograd";
import { ArgumentError } from "../errors";
import type { Parameter } from "../nn";
import { ops } from "../ops.gen";
import { scope } from "../scope";
import { Tensor } from "../tensor";
import { loadState } from "./load-state";

export interface SparseAdamOptions {
  lr: number;
  /** Default 0.9 and 0.999. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
}

interface State {
  name: string;
  parameter: Parameter;
  mean: Tensor;
  square: Tensor;
}

export class SparseAdam {
  readonly #arena = new Arena("SparseAdam");
  readonly #states: State[];
  readonly #options: Required<SparseAdamOptions>;
  /** Updates made so far; the correction of the moments is that of this number for all elements. */
  stepCount = 0;

  /** @param params by name, so that the state can be saved: `module.namedParameters()` */
  constructor(params: ReadonlyMap<string, Parameter> | readonly Parameter[], options: SparseAdamOptions) {
    this.#options = { betas: [0.9, 0.999], eps: 1e-8, ...options };
    const { betas } = this.#options;
    if (!betas.every((b) => b >= 0 && b < 1)) throw new ArgumentError(`SparseAdam: betas must lie in [0, 1), got ${betas.join(" and ")}`);
    const entries = params instanceof Map ? [...params] : (params as readonly Parameter[]).map((p, i) => [String(i), p] as const);
    this.#states = entries
      .filter(([, parameter]) => parameter.trainable)
      .map(([name, parameter]) => {
        const zeros = () => this.#arena.run(() => Tensor.zeros(parameter.shape, { device: parameter.tensor.device }));
        return { name, parameter, mean: zeros(), square: zeros() };
      });
  }

  /** One update. Elements whose gradient is 0, or not finite, keep value and moments; so does a parameter without a gradient. */
  step(lr = this.#options.lr): void {
    const { betas, eps } = this.#options;
    this.stepCount++;
    scope(() =>
      noGrad(() => {
        for (const { parameter, mean, square } of this.#states) {
          const gradient = parameter.tensor.grad;
          if (gradient === null) continue;
          ops.earthcraft.sparseAdam_(parameter.tensor, gradient, mean, square, { lr, beta1: betas[0], beta2: betas[1], eps, step: this.stepCount });
        }
      }),
    );
  }

  zeroGrad(): void {
    for (const { parameter } of this.#states) parameter.tensor.zeroGrad();
  }

  /** `mean.<name>` and `square.<name>`; not copies. `stepCount` belongs to it. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#states.flatMap(({ name, mean, square }) => [[`mean.${name}`, mean] as const, [`square.${name}`, square] as const]));
  }

  /** Copies a saved state in. @throws when a name is missing or a shape differs; then nothing was copied */
  loadStateDict(state: ReadonlyMap<string, Tensor>, stepCount: number): void {
    loadState("SparseAdam", this.stateDict(), state);
    this.stepCount = stepCount;
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
