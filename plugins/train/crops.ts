/**
 * One training crop: a sample chosen by weight, turned by one of the 8 symmetries, cut to the model's window and to a square of columns.
 *
 * Coordinates are the window's; the square leaves them as they are, so that a small crop teaches positions of the whole window.
 */
import { z } from "zod";
import { ops, scope, Tensor } from "../../ffi";
import { SparseTensor } from "../../ffi/sparse";
import { extractorOf, mirrorChannels } from "../dataset/api";
import { drawSquare, rowsInSquare, type Square } from "./augment/crop";
import { drawByWeight, heightWeights } from "./augment/height-weights";
import { IDENTITY, isReflection, type Symmetry, symmetryOf, turnCoords, turnVectors } from "./augment/symmetry";
import { StepDraws } from "./random";
import type { Sample, SampleStore } from "./samples";

/** Recipe keys of what a crop is. */
export const cropOptions = (window: number) => ({
  /** L of the model's window; higher voxels are cut. */
  window: z.int().positive().default(window),
  /** Columns along an edge of a training crop, at most the window's. */
  columns: z.int().positive().default(window),
  /** Most voxels of a training crop: larger ones lose their margin. */
  maxVoxels: z.int().positive().default(250_000),
});

export interface Crop {
  sample: Sample;
  symmetry: Symmetry;
  /** Corner of the window in the turned sample, in cells. */
  corner: [number, number];
  square: Square;
  /** Rows of the sample. */
  rows: Int32Array;
  /** [N, 3] in the window. */
  coords: Int32Array;
}

export interface CropRules {
  window: number;
  columns: number;
  maxVoxels: number;
}

/** Chooses training crops; the same for the same seed and count. */
export class CropSource {
  private readonly weights: number[];

  constructor(
    readonly store: SampleStore,
    private readonly seed: number,
    private readonly rules: CropRules,
    private readonly how: { heightAlpha: number; flips: boolean },
  ) {
    // A sample stands for as many crops as it is made of.
    this.weights = heightWeights(store.heights, how.heightAlpha, store.crops);
  }

  /** Id of the sample that a crop is cut from. @param count crops drawn before it, over the whole run */
  idOf(count: number): string {
    return this.store.ids[drawByWeight(this.weights, new StepDraws(this.seed, "loaderOrder", count).uniform(1)[0]!)]!;
  }

  /** Loads the samples of the `batch` crops of a step, and of crops so many further on. */
  prepare(step: number, batch: number, further: readonly number[] = [0]): Promise<void> {
    return this.store.load(further.flatMap((far) => Array.from({ length: batch }, (_, place) => this.idOf(step * batch + place + far))));
  }

  draw(count: number): Crop {
    const draws = new StepDraws(this.seed, "augmentation", count);
    const symmetry = this.how.flips ? symmetryOf(draws.integers(1, 8)[0]!) : IDENTITY;
    return cutCrop(this.store.get(this.idOf(count)), symmetry, this.rules, draws);
  }
}

/** The middle window of a sample, unturned and with all its columns: what validation looks at. */
export function wholeCrop(sample: Sample, window: number): Crop {
  const corner = Math.max(0, Math.floor((sample.extent - window) / 2));
  return cropAt(sample, IDENTITY, [corner, corner], { x: 0, y: 0, size: window }, window);
}

/** Squares drawn for a crop before it takes the whole window. */
const MOST_TRIES = 8;

function cutCrop(sample: Sample, symmetry: Symmetry, { window, columns, maxVoxels }: CropRules, draws: StepDraws): Crop {
  const slack = Math.max(0, sample.extent - window);
  const corner = draws.integers(2, slack + 1) as [number, number];
  let size = Math.min(columns, window);
  let crop = cropAt(sample, symmetry, corner, drawSquare(window, size, draws), window);
  // Ground above the window is cut: a square may hold nothing. Then another is drawn, and at last the whole window.
  for (let tries = 1; crop.rows.length === 0 && tries <= MOST_TRIES; tries++)
    crop = cropAt(sample, symmetry, corner, tries < MOST_TRIES ? drawSquare(window, size, draws) : { x: 0, y: 0, size: window }, window);
  let { square, rows, coords } = crop;
  while (rows.length > maxVoxels && size > 8) {
    size -= 8;
    square = { ...square, size };
    ({ rows, coords } = cropAt(sample, symmetry, corner, square, window));
  }
  return { ...crop, square, rows, coords };
}

export function cropAt(sample: Sample, symmetry: Symmetry, corner: [number, number], square: Square, window: number): Crop {
  const turned = turnCoords(sample.coords, symmetry, sample.extent);
  for (let i = 0; i < turned.length; i += 3) {
    turned[i]! -= corner[0];
    turned[i + 1]! -= corner[1];
  }
  const rows = rowsInSquare(turned, square).filter((row) => turned[3 * row + 2]! < window);
  const coords = new Int32Array(3 * rows.length);
  for (const [i, row] of rows.entries()) coords.set(turned.subarray(3 * row, 3 * row + 3), 3 * i);
  return { sample, symmetry, corner, square, rows, coords };
}

/** int32 [N, 4] of one scene. */
export function coordsTensor(coords: Int32Array, batch = 0): Tensor {
  const n = coords.length / 3;
  const coords_N4 = new Int32Array(4 * n);
  for (let i = 0; i < n; i++) coords_N4.set([batch, coords[3 * i]!, coords[3 * i + 1]!, coords[3 * i + 2]!], 4 * i);
  return Tensor.from(coords_N4, [n, 4]);
}

/** The way back, of one scene: [N, 3]. */
export function xyzOf(voxels: SparseTensor): Int32Array {
  const coords = voxels.coords.toArray();
  const xyz = new Int32Array((coords.length / 4) * 3);
  for (let i = 0; i < coords.length / 4; i++) xyz.set([coords[4 * i + 1]!, coords[4 * i + 2]!, coords[4 * i + 3]!], 3 * i);
  return xyz;
}

/** Voxels of a crop without features worth the name: StructVAE's input. */
export function bareVoxels(coords: Int32Array): SparseTensor {
  return SparseTensor.of(coordsTensor(coords), Tensor.zeros([coords.length / 3, 1]));
}

/** f32 [N, 66] of the crop's voxels, as the turned scene would have been seen: Eq. 1's channels under a reflection. */
export function cropFeatures({ sample, symmetry, rows }: Crop): Tensor {
  return scope(() => {
    const feats = sample.feats.indexSelect(0, Tensor.from(rows).to("i64")).to("f32");
    if (!symmetry.transpose && !symmetry.flipX && !symmetry.flipY) return feats;
    const image = feats.shape[1]! - 3;
    const [pictures, normals] = [feats.narrow(1, 0, image), turnNormals(feats.narrow(1, image, 3), symmetry)];
    if (!isReflection(symmetry)) return ops.aten.cat([pictures, normals], 1);
    const { source, sign } = mirrorChannels(extractorOf(sample.record.extractor), "x");
    const mirrored = pictures
      .indexSelect(1, Tensor.from(source.slice(0, image), [image], { dtype: "i64" }))
      .mul(Tensor.from(sign.slice(0, image), [1, image]));
    return ops.aten.cat([mirrored, normals], 1);
  });
}

function turnNormals(normals_N3: Tensor, symmetry: Symmetry): Tensor {
  const matrix = Float32Array.from([...turnVectors(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), symmetry)]);
  return normals_N3.matmul(Tensor.from(matrix, [3, 3]));
}

/** The middle windows of `count` samples at even distances in the list, so that all sites are among them. */
export async function validationCrops(store: SampleStore, count: number, window: number): Promise<Crop[]> {
  const { ids } = store;
  const chosen = ids.length <= count ? [...ids] : Array.from({ length: count }, (_, i) => ids[Math.floor((i * ids.length) / count)]!);
  await store.load(chosen);
  return chosen.map((id) => wholeCrop(store.get(id), window));
}
