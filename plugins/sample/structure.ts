/**
 * The structural half of sampling (Figure 3c, left): a condition to voxels, through ClassSFM, LatentSFM and StructVAE's decoder.
 *
 * Sizes in names: N cells or voxels, L cells along the window's edge; the latent grid has L/8.
 */
import { noGrad, ops, scope, Tensor } from "../../ffi";
import { SparseTensor } from "../../ffi/sparse";
import {
  type Classsfm,
  type GuidedBy,
  gridCells,
  type IntegrateOptions,
  type Latentsfm,
  occupiedCells,
  refinedRows,
  roughen,
  type Structvae,
  sampleGrid,
  sampleLatents,
} from "../models/api";
import { inColumns, rowsOf, toCoords } from "./known";
import { noiseFor } from "./noise";
import type { StructureOptions } from "./options";

/** What earlier windows have fixed, in this window's coordinates. */
export interface KnownStructure {
  /** bool [L, L] by (x, y): columns that are settled, whole columns of 16 × 16 at a time. */
  columns_LL: Tensor;
  /** Cells at L/8 with their latents [N, 32], as the refinement left them. */
  cells: SparseTensor;
  /** Voxels at L. */
  voxels: SparseTensor;
}

export interface StructureModels {
  classsfm: Classsfm;
  latentsfm: Latentsfm;
  structvae: Structvae;
  /** Structural latents are divided by it, and never shifted: zero stays "no voxel". */
  latentScale: number;
}

export interface StructureRequest {
  conditions: GuidedBy;
  seed: number;
  options: StructureOptions;
  known?: KnownStructure;
  onStep?: IntegrateOptions["onStep"];
}

/** ClassSFM: cells of the latent grid that hold surface. @returns [N, 3], sorted */
export function coarseCells({ classsfm }: StructureModels, { conditions, seed, options, known, onStep }: StructureRequest): Int32Array {
  const edge = conditions.cond.extent / 8;
  return scope(() => {
    const noise = noiseFor("coarse", seed, [edge ** 3, 1]);
    const coords = toCoords(gridCells(edge));
    const settled = known && {
      mask: inColumns(coords, known.columns_LL, 8),
      x0: known.cells.index.lookup(coords).ge(0).to("f32").mul(2).sub(1).reshape([-1, 1]),
      noise,
    };
    const grid = sampleGrid(classsfm, conditions, noise, edge, { ...options.flow, known: settled, onStep }).toArray();
    if (options.ground === "sampled") return occupiedCells(grid, edge);
    const isSettled = settled?.mask.toArray();
    return occupiedCells(grid, edge, (cell) => !isSettled?.[cell]);
  });
}

/**
 * LatentSFM: latents for the roughened cells, then the refinement rule.
 *
 * @param coarse [N, 3]
 * @returns cells at L/8 with latents in StructVAE's units
 */
export function refinedLatents(models: StructureModels, coarse: Int32Array, request: StructureRequest): SparseTensor {
  const { conditions, seed, options, known, onStep } = request;
  const edge = conditions.cond.extent / 8;
  const channels = models.latentsfm.config.latentChannels;
  return scope(() => {
    const rough = roughen(coarse, edge, options.roughening);
    const coords = toCoords(rough);
    if (rough.length === 0) return SparseTensor.of(coords, Tensor.zeros([0, channels]));
    // Noise belongs to the cell and not to its row: a window that gains a cell elsewhere keeps the noise of all others.
    const noise = noiseFor("latents", seed, [edge ** 3, channels]).indexSelect(0, cellNumbers(rough, edge));
    const settled = known && { mask: inColumns(coords, known.columns_LL, 8), x0: rowsOf(known.cells, coords).div(models.latentScale), noise };
    const z = sampleLatents(models.latentsfm, conditions, SparseTensor.of(coords, noise), { ...options.latentFlow, known: settled, onStep });
    const isSettled = settled?.mask.toArray();
    const before = known?.cells.index.lookup(coords).toArray();
    const kept = refinedRows(rough, {
      ...{ z: z.toArray(), channels, tau: options.tau, ground: options.ground },
      settled: (row) => (isSettled?.[row] ? before![row]! >= 0 : undefined),
    });
    const rows = Tensor.from(kept, [kept.length], { dtype: "i64" });
    const chosen = coords.indexSelect(0, rows);
    const latents = z.indexSelect(0, rows).mul(models.latentScale);
    if (!settled || !known) return SparseTensor.of(chosen, latents);
    // Dividing by the scale and multiplying again would cost the last bits of what must be equal.
    return SparseTensor.of(chosen, ops.aten.where(settled.mask.indexSelect(0, rows).gt(0), rowsOf(known.cells, chosen), latents));
  });
}

/** StructVAE's decoder on sampled latents, under the voxel cap. @returns int32 [N, 4], N possibly 0 */
export function decodedVoxels(
  { structvae }: StructureModels,
  latents: SparseTensor,
  { voxelCap, ground }: StructureOptions,
  known?: KnownStructure,
): Tensor {
  return noGrad(() =>
    scope(() => {
      if (latents.coords.shape[0] === 0) return latents.coords;
      const most = [voxelCap, Math.ceil(voxelCap / 2), Math.ceil(voxelCap / 4)] as const;
      const decoded = structvae.decoder.forward(latents, {
        by: "sampling",
        most: [...most],
        ground,
        ...(known && { known: { columns_LL: known.columns_LL, coords_N4: known.voxels.coords } }),
      });
      return decoded.voxels?.coords ?? latents.coords.narrow(0, 0, 0);
    }),
  );
}

/** Where cells stand in `gridCells`: int64 [N]. */
function cellNumbers(cells: Int32Array, edge: number): Tensor {
  const n = cells.length / 3;
  return Tensor.from(
    Int32Array.from({ length: n }, (_, i) => (cells[3 * i]! * edge + cells[3 * i + 1]!) * edge + cells[3 * i + 2]!),
    [n],
    { dtype: "i64" },
  );
}
