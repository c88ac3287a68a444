/** Pieces beside scipy, holes beside pymeshfix. */
import { scope, uniform } from "../../../ffi";
import { fillHoles, type Mesh, marchingCubes, meshPieces, selectFaces } from "../../../ffi/mesh";
import { ground } from "./surface";
import type { Table } from "./table";

/** A surface as marching cubes leaves it, with crumbs beside it and holes of a few faces. */
function torn(n: number): Mesh {
  return scope(() => {
    const surface = marchingCubes(ground(n), { level: 0.013 });
    const keep = uniform([surface.faces.size(0)], { seed: 1, purpose: "test", index: 0 }).gt(0.02);
    const { vertices, faces } = selectFaces(surface, keep);
    return { vertices, faces };
  });
}

/** Its largest piece, which hangs together by edges. */
function largest(mesh: Mesh): Mesh {
  return scope(() => {
    const { pieceOfFace, faceCounts } = meshPieces(mesh, { by: "edges" });
    const { vertices, faces } = selectFaces(mesh, pieceOfFace.eq(faceCounts.argmax().item()));
    return { vertices, faces };
  });
}

export async function repair(table: Table): Promise<void> {
  const given = (name: string, { vertices, faces }: Mesh) => ({
    vertices: table.give(`${name}-vertices`, vertices),
    faces: table.give(`${name}-faces`, faces),
  });
  for (const n of [180, 400]) {
    const mesh = torn(n);
    const faces = `${Math.round(mesh.faces.size(0) / 1000)}k faces`;
    await table.compare({
      name: `pieces of ${faces}, by vertices, scipy`,
      bar: 1.5,
      stretch: 0.5,
      ours: () => meshPieces(mesh),
      peer: { task: "pieces", ...given(`torn-${n}`, mesh) },
      check: ({ pieceOfFace }) => ({ check: table.give("pieces", pieceOfFace) }),
    });
  }
  for (const n of [180, 300]) {
    const mesh = largest(torn(n));
    const edges = 60;
    await table.compare({
      name: `holes of at most ${edges} edges in ${Math.round(mesh.faces.size(0) / 1000)}k faces, pymeshfix`,
      bar: 1.5,
      stretch: 0.5,
      ours: () => fillHoles(mesh, { maxEdges: edges }),
      peer: { task: "holes", ...given(`holes-${n}`, mesh), edges },
      check: ({ vertices, faces }) => ({ check: [table.give("filled-vertices", vertices), table.give("filled-faces", faces)] }),
      rounds: 3,
    });
  }
}
