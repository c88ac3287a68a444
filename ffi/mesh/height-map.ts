/** Heights of a mesh, seen straight from above. */
import { aten } from "../ops.gen";
import { scope } from "../scope";
import type { Tensor } from "../tensor";
import { type Mesh, rasterizeMesh } from "./mesh";
import { topDownView } from "./views";

/** A north-up raster over x and y. */
export interface HeightMapOptions {
  /** x of the left edge */
  west: number;
  /** y of the upper edge */
  north: number;
  /** Edge of a pixel, in the mesh's unit of length. */
  pixel: number;
  width: number;
  height: number;
}

/**
 * z of the first face from above at the centre of every pixel ("Data Filter": downward parallel rays). Faces on edge are not seen.
 * @returns f32 [height, width], NaN where there is nothing
 */
export function heightMap(mesh: Mesh, { west, north, pixel, width, height }: HeightMapOptions): Tensor {
  return scope(() => {
    const z = mesh.vertices.select(1, 2);
    const finite = aten.isfinite(z);
    const top = finite.any().item() ? aten.maskedSelect(z, finite).max().item() : 0;
    const { face, depth } = rasterizeMesh(mesh, topDownView({ west, north, top, pixel, width, height }));
    return aten.maskedFill(depth.neg().add(top), face.lt(0), Number.NaN).select(0, 0);
  });
}
