/** How a radiance field learns from pixels (Müller et al. 2022, section 5.4 and appendix E). */
import { ArgumentError } from "../errors";
import { AdamW, SparseAdam } from "../optim";
import { uniform } from "../random";
import { scope } from "../scope";
import type { Tensor } from "../tensor";
import type { OccupancyGrid } from "./occupancy-grid";
import type { RadianceField } from "./radiance-field";
import type { MarchOptions, Rays } from "./rays";

/** Steps between two updates of the occupancy grid, and up to when all its cells are looked at. */
const [UPDATE_EVERY, WARM_UP] = [16, 256];

export interface TrainingOptions extends Omit<MarchOptions, "jitter"> {
  /** Default 1e-2. */
  lr?: number;
  seed: number;
  /** A cell is empty whose density lets this much through: along one step, 1 − e^(−threshold). Default 0.01. */
  opticalThreshold?: number;
}

/** Pixels and the rays that saw them. */
export interface PixelBatch extends Rays {
  /** f32 [R, 3] in [0, 1] */
  colors: Tensor;
}

export interface TrainingStep {
  /** Mean squared error of the colours. */
  loss: number;
  /** Of all rays. */
  samples: number;
}

export class RadianceFieldTrainer {
  readonly #table: SparseAdam;
  readonly #networks: AdamW;
  readonly #options: TrainingOptions & { lr: number; opticalThreshold: number };
  /** Steps made so far. */
  stepCount = 0;

  /** @param field with values */
  constructor(
    readonly field: RadianceField,
    readonly occupancy: OccupancyGrid,
    options: TrainingOptions,
  ) {
    if (Math.abs(field.extent_m - occupancy.extent_m) > 1e-6 * field.extent_m)
      throw new ArgumentError(`RadianceFieldTrainer: a field of ${field.extent_m} m, an occupancy grid of ${occupancy.extent_m} m`);
    this.#options = { lr: 1e-2, opticalThreshold: 0.01, ...options };
    const adam = { lr: this.#options.lr, betas: [0.9, 0.99], eps: 1e-15 } as const;
    this.#table = new SparseAdam([field.grid.table], adam);
    this.#networks = new AdamW([field.densityNet.weights, field.colorNet.weights], adam);
  }

  /**
   * One step on a batch of opaque pixels. What a ray lets through shows a random colour, so that light can only come from the field.
   * @param lr of this step; default that of the options
   */
  step({ colors, ...rays }: PixelBatch, lr = this.#options.lr): TrainingStep {
    const { field, occupancy } = this;
    const { seed } = this.#options;
    const index = this.stepCount;
    return scope(() => {
      if (index % UPDATE_EVERY === 0) this.#lookAround(index);
      const count = colors.size(0);
      const jitter = uniform([count], { seed, purpose: "augmentation", index: 2 * index });
      const behind = uniform([count, 3], { seed, purpose: "augmentation", index: 2 * index + 1 });
      this.#table.zeroGrad();
      this.#networks.zeroGrad();
      const { color, opacity, samples } = field.render(rays, occupancy, { ...this.#options, jitter });
      const loss = color
        .add(behind.mul(opacity.neg().add(1).unsqueeze(1)))
        .sub(colors)
        .pow(2)
        .mean();
      loss.backward();
      this.#table.step(lr);
      this.#networks.step(lr);
      this.stepCount = index + 1;
      return { loss: loss.item(), samples };
    });
  }

  #lookAround(step: number): void {
    const { seed, step_m, opticalThreshold } = this.#options;
    this.occupancy.update((positions) => this.field.density(positions), {
      seed,
      step,
      cells: step < WARM_UP ? undefined : this.occupancy.cells / 2,
      threshold: opticalThreshold / step_m,
    });
  }

  /** Field, occupancy grid and both optimisers, by name; not copies. With `stepCount`, all that the next step depends on but its batch. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#parts().flatMap(([name, part]) => [...part.stateDict()].map(([key, tensor]) => [`${name}.${key}`, tensor] as const)));
  }

  /** Copies a saved state in. @throws when a name is missing or a shape differs */
  loadStateDict(state: ReadonlyMap<string, Tensor>, stepCount: number): void {
    for (const [name, part] of this.#parts()) {
      const own = [...state].filter(([key]) => key.startsWith(`${name}.`)).map(([key, tensor]) => [key.slice(name.length + 1), tensor] as const);
      part.loadStateDict(new Map(own), stepCount);
    }
    this.stepCount = stepCount;
  }

  #parts() {
    return [
      ["field", this.field],
      ["occupancy", this.occupancy],
      ["table", this.#table],
      ["networks", this.#networks],
    ] as const;
  }

  dispose(): void {
    this.#table.dispose();
    this.#networks.dispose();
  }
}
