/** Parts of a mesh: the pieces that it falls into, and the mesh of some of its faces. */
import { earthcraft } from "../ops.gen";
import type { Tensor } from "../tensor";
import type { Mesh } from "./mesh";

export interface MeshPieces {
  /** i32 [F], numbered in the order of the pieces' first faces */
  pieceOfFace: Tensor;
  /** i32 [N], −1 where no face has the vertex; of a vertex that joins pieces (`by: "edges"`), its first face's */
  pieceOfVertex: Tensor;
  /** f64 [K] */
  areas: Tensor;
  /** i64 [K] */
  faceCounts: Tensor;
}

/**
 * Which faces hang together, so that what floats can be dropped by its area or its number of faces.
 * @param by what faces must share: a vertex (the default) or an edge
 */
export function meshPieces({ vertices, faces }: Mesh, { by = "vertices" }: { by?: "vertices" | "edges" } = {}): MeshPieces {
  const [pieceOfFace, pieceOfVertex, areas, faceCounts] = earthcraft.meshComponents(vertices, faces, by);
  return { pieceOfFace, pieceOfVertex, areas, faceCounts };
}

export interface SelectedMesh extends Mesh {
  /** i32 [M]: which vertices of the whole these are, to select their attributes by */
  source: Tensor;
}

/**
 * The faces that are kept, and the vertices that they have, each in the order of the whole.
 * @param keep bool [F]
 */
export function selectFaces(mesh: Mesh, keep: Tensor): SelectedMesh {
  const [vertices, faces, source] = earthcraft.meshSelect(mesh.vertices, mesh.faces, keep);
  return { vertices, faces, source };
}
