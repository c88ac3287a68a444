/** Which faces do 72 views see: beside rays of Open3D's RaycastingScene (Embree), its tree built in the time as it would be. */

import { scope } from "../../../ffi";
import { rasterizeMesh, visibleFaces } from "../../../ffi/mesh";
import { hills, ring } from "./scene";
import type { Table } from "./table";

export async function visibility(table: Table): Promise<void> {
  const mesh = hills(512);
  const views = ring(72, { width: 640, height: 360, focal: 500 });
  await table.compare({
    name: "faces seen in 72 views, 640 × 360, 522k faces, Embree",
    bar: 1,
    stretch: 0.5,
    ours: () => visibleFaces(mesh, views),
    peer: {
      task: "embree",
      vertices: table.give("vertices", mesh.vertices),
      faces: table.give("faces", mesh.faces),
      viewmats: table.give("viewmats", views.viewmats),
      Ks: table.give("Ks", views.Ks),
      size: [views.width, views.height],
    },
    check: (seen) => ({ check: table.give("seen", seen), pixels: scope(() => table.give("pixels", rasterizeMesh(mesh, views).face)) }),
    rounds: 3,
  });
}
