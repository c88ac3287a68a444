/**
 * The Pseudo-Sparse to Sparse block (Figure 4b): every voxel makes its 8 children, attention lets them see each other, a light head classifies each, and only the kept go on.
 *
 *   sparse pixel shuffle → C-block → N_p T-blocks → classification head → pruning → N_s T-blocks
 */
import { LayerNorm, Linear, Module, type ModuleList, type Tensor } from "../../../ffi";
import { SparsePixelShuffle, type SparseTensor, upsampleCopy } from "../../../ffi/sparse";
import { CBlock, type TBlock, tStack } from "../blocks";
import type { StructvaeConfig } from "./config";

/** The classification head: two light T-blocks, then two logits: discard, keep. */
class Classifier extends Module {
  readonly input: Linear;
  readonly blocks: ModuleList<TBlock>;
  readonly norm: LayerNorm;
  readonly output: Linear;

  constructor(channels: number, config: StructvaeConfig) {
    super();
    const width = config.classifier.channels;
    this.input = new Linear(channels, width);
    this.blocks = tStack(config.classifier.blocks, "swin", {
      channels: width,
      headDim: Math.min(config.headDim, width),
      residualScale: config.residualScale,
    });
    this.norm = new LayerNorm(width, { affine: false, eps: 1e-6 });
    this.output = new Linear(width, 2);
  }

  forward(x: SparseTensor): Tensor {
    let h = x.withFeats(this.input.forward(x.feats));
    for (const block of this.blocks) h = block.forward(h);
    return this.output.forward(this.norm.forward(h.feats));
  }
}

export interface PseudoSparse {
  /** All children, with features. */
  pseudo: SparseTensor;
  /** [N, 2]: discard, keep. */
  logits_N2: Tensor;
}

export class PssBlock extends Module {
  readonly shuffle: SparsePixelShuffle | undefined;
  readonly copy: Linear | undefined;
  readonly cBlock: CBlock | undefined;
  readonly pseudoBlocks: ModuleList<TBlock>;
  readonly classifier: Classifier;
  readonly sparseBlocks: ModuleList<TBlock>;

  /** @param level the level it makes: 2, 1 or 0 */
  constructor(config: StructvaeConfig, level: number) {
    super();
    const { headDim, residualScale, decoder } = config;
    const [channels, from] = [decoder.channels[level]!, decoder.channels[level + 1]!];
    if (config.upsample === "shuffle") this.shuffle = new SparsePixelShuffle(from, channels);
    else this.copy = new Linear(from, channels);
    if (config.cBlock) this.cBlock = new CBlock(channels, residualScale);
    const stack = { channels, headDim, residualScale };
    this.pseudoBlocks = tStack(decoder.pseudoBlocks[level]!, "swin", stack);
    this.classifier = new Classifier(channels, config);
    // Window phases go on where the pseudo-sparse blocks stopped.
    this.sparseBlocks = tStack(decoder.sparseBlocks[level]!, "swin", stack, decoder.pseudoBlocks[level]!);
  }

  /** Children and their scores; the caller decides who stays. */
  classify(parents: SparseTensor): PseudoSparse {
    let h = this.shuffle ? this.shuffle.forward(parents) : upsampleCopy(parents.withFeats(this.copy!.forward(parents.feats)));
    h = this.cBlock?.forward(h) ?? h;
    for (const block of this.pseudoBlocks) h = block.forward(h);
    return { pseudo: h, logits_N2: this.classifier.forward(h) };
  }

  refine(kept: SparseTensor): SparseTensor {
    let h = kept;
    for (const block of this.sparseBlocks) h = block.forward(h);
    return h;
  }
}
