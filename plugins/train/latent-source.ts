/** The encoded windows that LatentSFM and TexFM train on, chosen by Eq. 2's weights; the same for the same seed and count. */
import type { StageTask } from "../../cli/plugin";
import { drawByWeight, heightWeights } from "./augment/height-weights";
import { symmetryOf } from "./augment/symmetry";
import { type Crop, cropAt } from "./crops";
import { type LatentIndex, type LatentItem, type Latents, readLatentIndex, readLatents } from "./latents";
import { StepDraws } from "./random";
import { SampleStore } from "./samples";

export class LatentSource {
  private readonly weights: number[];

  private constructor(
    /** The training samples, for conditions. */
    readonly store: SampleStore,
    readonly index: LatentIndex,
    private readonly dir: string,
    private readonly seed: number,
    heightAlpha: number,
  ) {
    this.weights = heightWeights(
      this.index.items.map((item) => item.height_cells),
      heightAlpha,
    );
  }

  static async open({ inputs, seed }: Pick<StageTask<unknown>, "inputs" | "seed">, heightAlpha: number): Promise<LatentSource> {
    const { dir } = inputs["encode-latents"]!;
    const index = readLatentIndex(dir);
    return new LatentSource(await SampleStore.open(inputs.split!.dir, "train", index.samples), index, dir, seed, heightAlpha);
  }

  /** Loads the samples of the `batch` windows of a step. */
  prepare(step: number, batch: number): Promise<void> {
    return this.store.load(Array.from({ length: batch }, (_, place) => this.draw(step * batch + place).sample));
  }

  /** @param count windows drawn before it, over the whole run */
  draw(count: number): LatentItem {
    return this.index.items[drawByWeight(this.weights, new StepDraws(this.seed, "loaderOrder", count).uniform(1)[0]!)]!;
  }

  /** The caller's scope owns the tensors. */
  latentsOf(item: LatentItem): Latents {
    return readLatents(this.dir, item);
  }

  /** The crop that a window was encoded from; its sample must be loaded. */
  cropOf({ sample, symmetry, corner }: LatentItem): Crop {
    const { window } = this.index;
    return cropAt(this.store.get(sample), symmetryOf(symmetry), corner, { x: 0, y: 0, size: window }, window);
  }
}
