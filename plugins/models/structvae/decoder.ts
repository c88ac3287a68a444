/** StructVAE's decoder (Table 7): latents at L/8 to voxel coordinates at L, through three PSS blocks. */
import { Linear, Module, ModuleList, type Tensor } from "../../../ffi";
import type { SparseTensor } from "../../../ffi/sparse";
import { CBlock, positionsOf, type TBlock, tStack } from "../blocks";
import type { Ground } from "../ground";
import { LEVELS, type StructvaeConfig } from "./config";
import { type KnownVoxels, labels, predictedRows, settledLogits, teacherRows } from "./prune";
import { PssBlock } from "./pss";

const BOTTOM = LEVELS - 1;

export interface DecodedLevel {
  level: 2 | 1 | 0;
  pseudo: SparseTensor;
  logits_N2: Tensor;
  /** Present when a truth was given: int64 [N]. */
  labels_N: Tensor | undefined;
}

export interface Decoded {
  /** Levels 2, 1, 0; shorter when a level lost all its voxels. */
  levels: DecodedLevel[];
  /** What is left at level 0; null when a level lost all its voxels. */
  voxels: SparseTensor | null;
}

export type Pruning =
  /** The truth decides, as long as it is there. `pyramid` runs from level 0. */
  | { by: "teacher"; pyramid: readonly SparseTensor[] }
  /** The head decides; `cap` × the truth's number of voxels is the most a level may keep. */
  | { by: "predicted"; pyramid: readonly SparseTensor[]; cap: number }
  /**
   * Sampling: no truth. `most[level]` voxels are the most that a level may keep. Where a scene grows, voxels of settled columns are kept or dropped as `known` says. `ground: everywhere` keeps a
   * voxel in every column over a cell.
   */
  | { by: "sampling"; most: readonly [number, number, number]; known?: KnownVoxels; ground?: Ground };

export class StructvaeDecoder extends Module {
  readonly input: Linear;
  readonly cBlock: CBlock | undefined;
  readonly blocks: ModuleList<TBlock>;
  /** In the order of work: levels 2, 1, 0. */
  readonly pss: ModuleList<PssBlock>;

  constructor(readonly config: StructvaeConfig) {
    super();
    const { headDim, residualScale, decoder } = config;
    const channels = decoder.channels[BOTTOM]!;
    this.input = new Linear(config.latentChannels, channels);
    if (config.cBlock) this.cBlock = new CBlock(channels, residualScale);
    this.blocks = tStack(decoder.sparseBlocks[BOTTOM]!, config.bottom, { channels, headDim, residualScale });
    this.pss = new ModuleList([2, 1, 0].map((level) => new PssBlock(config, level)));
  }

  /** @param z latents at L/8, feats [N, 32] */
  forward(z: SparseTensor, pruning: Pruning): Decoded {
    const channels = this.config.decoder.channels[BOTTOM]!;
    // Waves as weak as the encoder's, so that the latent is heard from the first step on.
    const place = positionsOf(z.coords, channels).mul(this.config.positionStd);
    let h = z.withFeats(this.input.forward(z.feats).add(place));
    h = this.cBlock?.forward(h) ?? h;
    for (const block of this.blocks) h = block.forward(h);

    const levels: DecodedLevel[] = [];
    for (const [i, block] of [...this.pss].entries()) {
      const level = (2 - i) as 2 | 1 | 0;
      const { pseudo, logits_N2 } = block.classify(h);
      const truth = pruning.by === "sampling" ? undefined : pruning.pyramid[level]!;
      const labels_N = truth && labels(pseudo, truth);
      levels.push({ level, pseudo, logits_N2, labels_N });
      const rows = keptRows(pseudo, logits_N2, labels_N, truth, pruning, level);
      if (rows.numel === 0) return { levels, voxels: null };
      h = block.refine(pseudo.select(rows));
    }
    return { levels, voxels: h };
  }
}

function keptRows(
  pseudo: SparseTensor,
  logits_N2: Tensor,
  labels_N: Tensor | undefined,
  truth: SparseTensor | undefined,
  pruning: Pruning,
  level: 2 | 1 | 0,
): Tensor {
  if (pruning.by === "sampling") {
    const { most, known, ground } = pruning;
    const logits = known ? settledLogits(logits_N2, pseudo.coords, known, level) : logits_N2;
    return predictedRows(logits, most[level], ground === "everywhere" ? pseudo.coords : undefined);
  }
  if (pruning.by === "teacher") return teacherRows(labels_N!);
  return predictedRows(logits_N2, Math.ceil(pruning.cap * truth!.coords.shape[0]!));
}
