/**
 * `transforms.json`: cameras in nerfstudio's layout (OpenGL camera-to-world, metres about the site's origin), with what planned them.
 */
import { z } from "zod";
import type { Camera } from "../../earth/api";
import { georeferenceSchema } from "../../earth/api";

const matrixSchema = z.array(z.array(z.number()).length(4)).length(4);

const frameSchema = z.strictObject({
  file_path: z.string(),
  depth_file_path: z.string().optional(),
  normal_file_path: z.string().optional(),
  semantic_file_path: z.string().optional(),
  transform_matrix: matrixSchema,
  pattern: z.enum(["top-outer", "top-inner", "building", "adalevel"]),
  /** Which square, or which turn of the spiral. */
  level: z.int(),
  /** What the planner did because something stood in the way. */
  moved: z.enum(["no", "to-road", "up"]),
});

export const transformsSchema = z.strictObject({
  camera_model: z.literal("PINHOLE"),
  fl_x: z.number().positive(),
  fl_y: z.number().positive(),
  cx: z.number(),
  cy: z.number(),
  w: z.int().positive(),
  h: z.int().positive(),
  /** Metres a unit of `.npy` depth (nerfstudio multiplies by it). */
  depth_unit_scale_factor: z.literal(1),
  frames: z.array(frameSchema),
  georeference: georeferenceSchema.optional(),
});

export type Transforms = z.infer<typeof transformsSchema>;
export type Frame = z.infer<typeof frameSchema>;

/** The camera of one frame, row-major c2w. */
export function cameraOf(transforms: Transforms, frame: Frame): Camera {
  const { fl_x, fl_y, cx, cy, w, h } = transforms;
  return { c2w: frame.transform_matrix.flat(), fx: fl_x, fy: fl_y, cx, cy, width: w, height: h };
}

/** Rows of a row-major 4 × 4. */
export function matrixRows(m: readonly number[]): number[][] {
  return [0, 1, 2, 3].map((r) => m.slice(4 * r, 4 * r + 4));
}

export async function readTransforms(file: string): Promise<Transforms> {
  return transformsSchema.parse(await Bun.file(file).json());
}
