/**
 * Latents on disk, output of `encode-latents`: `latents.json` lists them with the statistics, `<name>.safetensors` holds one window.
 *
 * Tensors: `struct_coords` i16 [M, 3] at L/8, `struct` f32 [M, 32], `tex_coords` i16 [N, 3] at L, `tex` f32 [N, 8]: posterior means, not normalised.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openSafetensors, Tensor } from "../../ffi";

const latentsSchema = z.strictObject({
  version: z.literal(1),
  window: z.int(),
  /** What windows were cut from; indices of before there was a choice say nothing. */
  samples: z.enum(["crops", "sites"]).default("crops"),
  extractor: z.string(),
  /** σ of structure: the root of the mean square over cells and channels. One number, no mean: zero stays "no voxel". */
  struct_scale: z.number(),
  /** By channel of texture. */
  tex_mean: z.array(z.number()),
  tex_std: z.array(z.number()),
  items: z.array(
    z.strictObject({
      name: z.string(),
      sample: z.string(),
      symmetry: z.int(),
      corner: z.tuple([z.int(), z.int()]),
      height_cells: z.int(),
    }),
  ),
});
export type LatentIndex = z.infer<typeof latentsSchema>;
export type LatentItem = LatentIndex["items"][number];

const INDEX = "latents.json";

export function writeLatentIndex(dir: string, index: Omit<LatentIndex, "version">): void {
  writeFileSync(join(dir, INDEX), `${JSON.stringify({ version: 1, ...index } satisfies LatentIndex)}\n`);
}

export function readLatentIndex(dir: string): LatentIndex {
  return latentsSchema.parse(JSON.parse(readFileSync(join(dir, INDEX), "utf8")));
}

export interface Latents {
  structCoords: Int32Array;
  struct: Tensor;
  texCoords: Int32Array;
  tex: Tensor;
}

/** Reads one window; the caller's scope owns the tensors. */
export function readLatents(dir: string, item: LatentItem): Latents {
  const file = openSafetensors(join(dir, `${item.name}.safetensors`));
  const coords = (name: string) => Int32Array.from(file.array(name) as Int16Array);
  const latents = (name: string) => Tensor.from(file.float32(name), file.entry(name).shape);
  return { structCoords: coords("struct_coords"), struct: latents("struct"), texCoords: coords("tex_coords"), tex: latents("tex") };
}

/** Sums of values and squares a channel, over many tensors [N, C]. */
export class ChannelStatistics {
  private count = 0;
  private sums: Float64Array | undefined;
  private squares: Float64Array | undefined;

  add(values: Tensor): void {
    const [n, channels] = values.shape as [number, number];
    this.sums ??= new Float64Array(channels);
    this.squares ??= new Float64Array(channels);
    const [sum, square] = [values.sum(0).toArray(), values.pow(2).sum(0).toArray()];
    for (let c = 0; c < channels; c++) {
      this.sums[c]! += sum[c]!;
      this.squares[c]! += square[c]!;
    }
    this.count += n;
  }

  get mean(): number[] {
    return Array.from(this.sums ?? [], (sum) => sum / this.count);
  }

  get std(): number[] {
    const { mean } = this;
    return Array.from(this.squares ?? [], (square, c) => Math.sqrt(Math.max(1e-12, square / this.count - mean[c]! ** 2)));
  }

  /** Root of the mean square over everything. */
  get scale(): number {
    const squares = this.squares ?? new Float64Array();
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (this.count * squares.length));
  }
}
