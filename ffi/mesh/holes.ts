/** Mending holes. */
import { earthcraft } from "../ops.gen";
import type { Mesh } from "./mesh";

/**
 * Fills every hole of at most `maxEdges` edges, with faces that turn as those around it do, as flat and then as small as can be: time grows with the cube
 * of a hole's edges. No edge gets a third face. What was there stays, with its numbers; new faces follow it, and now and then a new vertex.
 *
 * The outer border of an open sheet is such a loop as well, and so is that of a piece that meets others at single corners only: keep `maxEdges` below
 * it, and drop small pieces (`meshPieces` by edges) before.
 */
export function fillHoles({ vertices, faces }: Mesh, { maxEdges }: { maxEdges: number }): Mesh {
  const [filledVertices, filledFaces] = earthcraft.meshFillHoles(vertices, faces, maxEdges);
  return { vertices: filledVertices, faces: filledFaces };
}
