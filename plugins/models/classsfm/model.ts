/**
 * ClassSFM, the coarse stage of StructFM (Figure 15b): from a grid of noise to a grid near +1 where a cell holds surface and near −1 where it does not.
 *
 * T-blocks with full attention on the grid, patches of 2³, T-blocks with the condition injected on the way, back to cells beside a skip.
 */
import { init, LayerNorm, Linear, Module, ModuleList, ops, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { type ModulatedTBlock, type Modulation, modulatedBlock, modulatedStack, positionsOf, TimestepEmbedding } from "../blocks";
import { denseGrid, patchify, unpatchify } from "../blocks/grid";
import { alignTo } from "../conditions/align";
import { StructCondNet } from "../conditions/struct-cond-net";
import { besideSettled, inputChannels, type Settled } from "../flow";
import type { ClasssfmConfig } from "./config";

export class Classsfm extends Module {
  readonly condNet: StructCondNet;
  readonly time: TimestepEmbedding;
  readonly input: Linear;
  readonly preBlocks: ModuleList<ModulatedTBlock>;
  readonly patch: Linear;
  readonly blocks: ModuleList<ModulatedTBlock>;
  readonly condProjection: Linear;
  /** One a group of `every` blocks: a cross block, or the condition's patches as channels to add. */
  readonly crossBlocks: ModuleList<ModulatedTBlock>;
  readonly additions: ModuleList<Linear>;
  readonly unpatch: Linear;
  readonly norm: LayerNorm;
  readonly output: Linear;

  constructor(readonly config: ClasssfmConfig) {
    super();
    const { channels, headDim, preBlocks, blocks, condition } = config;
    this.condNet = new StructCondNet(config.condNet);
    this.time = new TimestepEmbedding(channels);
    this.input = new Linear(inputChannels(1, config.inpainting), channels);
    const block = { channels, headDim, timeChannels: channels };
    this.preBlocks = modulatedStack(preBlocks, "full", block);
    this.patch = new Linear(8 * channels, channels);
    this.blocks = modulatedStack(blocks, "full", block);
    this.condProjection = new Linear(this.condNet.channels, channels);
    const injections = Math.ceil(blocks / condition.every);
    const times = <T extends Module>(make: () => T, wanted: boolean) => new ModuleList(Array.from({ length: wanted ? injections : 0 }, make));
    this.crossBlocks = times(() => modulatedBlock("full", 0, { ...block, condChannels: channels }), condition.by === "cross");
    this.additions = times(() => new Linear(8 * this.condNet.channels, channels), condition.by === "add");
    this.unpatch = new Linear(channels, 8 * channels);
    this.norm = new LayerNorm(channels, { affine: false, eps: 1e-6 });
    this.output = new Linear(channels, 1, { init: init.zeros() });
  }

  /**
   * @param x_B1 noisy grid [B·g³, 1], x slowest and z fastest
   * @param t_B times in [0, 1], one a scene
   * @param cond what `condNet` made of the condition, batch by batch as x
   * @param settled cells whose answer is known; heard only with `inpainting: trained`
   * @returns velocity [B·g³, 1]
   */
  forward(x_B1: Tensor, t_B: readonly number[], edge: number, cond: SparseTensor, settled?: Settled): Tensor {
    const { channels, condition } = this.config;
    const time: Modulation = { embedding_BE: ops.aten.silu(this.time.forward(t_B, x_B1.device)) };
    const lifted = this.input.forward(besideSettled(x_B1, this.config.inpainting, settled));
    let grid = denseGrid(t_B.length, edge, lifted);
    grid = grid.withFeats(lifted.add(positionsOf(grid.coords, channels)));
    for (const block of this.preBlocks) grid = block.forward(grid, time);

    const aligned = condition.by === "add" ? alignTo(grid, cond) : undefined;
    const keys = aligned ? undefined : cond.withFeats(this.condProjection.forward(cond.feats));
    const patchesOfCond = aligned && patchify(aligned, edge);

    const patched = this.patch.forward(patchify(grid.feats, edge));
    let h = denseGrid(t_B.length, edge / 2, patched);
    h = h.withFeats(patched.add(positionsOf(h.coords, channels)));
    for (const [i, block] of [...this.blocks].entries()) {
      if (i % condition.every === 0) h = this.inject(h, i / condition.every, time, keys, patchesOfCond);
      h = block.forward(h, time);
    }

    let cells = grid.feats.add(unpatchify(this.unpatch.forward(h.feats), edge));
    if (aligned) cells = cells.add(this.condProjection.forward(aligned));
    return this.output.forward(this.norm.forward(cells));
  }

  private inject(h: SparseTensor, group: number, time: Modulation, keys: SparseTensor | undefined, patchesOfCond: Tensor | undefined): SparseTensor {
    if (patchesOfCond) return h.withFeats(h.feats.add([...this.additions][group]!.forward(patchesOfCond)));
    return [...this.crossBlocks][group]!.forward(h, time, keys);
  }
}
