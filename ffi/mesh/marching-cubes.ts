/** The surface on which a volume has a given level. */
import { ArgumentError } from "../errors";
import { earthcraft } from "../ops.gen";
import { scope } from "../scope";
import { Tensor } from "../tensor";
import type { Mesh } from "./mesh";

export interface SurfaceOptions {
  /** Default 0. */
  level?: number;
  /** Which values lie inside: `above` the level, as densities do (the default), or `below` it, as signed distances do. NaN lies outside. */
  inside?: "above" | "below";
  /** Between values, along x, y, z. Default 1. */
  spacing?: readonly [number, number, number];
  /** Where value [0, 0, 0] lies; of a lattice of cells that is half a cell inside it. Default 0. */
  origin?: readonly [number, number, number];
}

/**
 * Marching cubes. Every edge of the mesh has two faces but where the surface leaves the volume: pad the volume with what is outside to close it. Faces
 * are counter-clockwise seen from outside; vertices are shared, in the order of the volume. Where a value is the level itself, several vertices lie on
 * it. Nothing is differentiable.
 * @param volume f32 [X, Y, Z], less than 2^21 an axis
 * @throws when the surface has more vertices or faces than int32 can name
 */
export function marchingCubes(volume: Tensor, { level, inside, spacing, origin }: SurfaceOptions = {}): Mesh {
  const [vertices, faces] = earthcraft.marchingCubes(volume, level, spacing, origin, inside);
  return { vertices, faces };
}

/** A volume that is evaluated when it is needed. */
export interface LazyVolume {
  /** Values along x, y, z. */
  shape: readonly [number, number, number];
  /** The values of so many planes from `first` on: f32 [count, Y, Z]. */
  evaluate: (first: number, count: number) => Tensor;
  /** Planes evaluated at once. Default 32. */
  planes?: number;
}

/**
 * The same of a volume that need not fit into memory, slab by slab along x; every value is asked for once. The mesh is that of the whole volume, to the
 * byte.
 */
export function marchingCubesBySlabs({ shape, evaluate, planes = 32 }: LazyVolume, options: SurfaceOptions = {}): Mesh {
  const { level, inside, spacing, origin } = options;
  if (!(Number.isInteger(planes) && planes > 0))
    throw new ArgumentError(`marchingCubesBySlabs: planes must be a whole number above 0, got ${planes}`);
  const parts: Mesh[] = [];
  let before: Tensor | undefined;
  let vertexCount = 0;
  for (let first = 0; first < shape[0]; first += planes) {
    const count = Math.min(planes, shape[0] - first);
    const more = first + count < shape[0];
    const slab = scope(() => {
      const values = evaluate(first, count);
      const wanted = [count, shape[1], shape[2]];
      if (values.shape.join() !== wanted.join())
        throw new ArgumentError(`marchingCubesBySlabs: evaluate(${first}, ${count}) gave [${values.shape.join(", ")}], not [${wanted.join(", ")}]`);
      const plane = before === undefined ? first : first - 1;
      const [vertices, faces] = earthcraft.marchingCubes(values, level, spacing, origin, inside, before, plane, vertexCount, more);
      return { mesh: { vertices, faces }, last: more ? values.select(0, count - 1).clone() : undefined };
    });
    parts.push(slab.mesh);
    vertexCount += slab.mesh.vertices.size(0);
    before?.dispose();
    before = slab.last;
  }
  if (parts.length === 0) return { vertices: Tensor.zeros([0, 3]), faces: Tensor.zeros([0, 3], { dtype: "i32" }) };
  return scope(() => ({ vertices: Tensor.cat(parts.map((part) => part.vertices)), faces: Tensor.cat(parts.map((part) => part.faces)) }));
}
