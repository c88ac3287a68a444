/** Classes of 72 views drawn onto a mesh, beside the paper's Listing 1 in torch: from labels, and from features of 25 channels a pixel. */
import { ops, randint, scope } from "../../../ffi";
import { aggregateLabels, aggregateScores, rasterizeMesh } from "../../../ffi/mesh";
import { hills, ring } from "./scene";
import type { Table } from "./table";

const CLASSES = 25;

export async function aggregation(table: Table): Promise<void> {
  const mesh = hills(512);
  const views = ring(72, { width: 640, height: 360, focal: 500 });
  const image = rasterizeMesh(mesh, views);
  const labels = randint(CLASSES, image.face.shape, { seed: 1, purpose: "test", index: 0 }).to("u8");
  const few = 6; // views of features at once: 72 are 1.7 GB
  const features = scope(() => ops.aten.oneHot(labels.narrow(0, 0, few).to("i64"), CLASSES).to("f32"));
  const some = { ...views, viewmats: views.viewmats.narrow(0, 0, few), Ks: views.Ks.narrow(0, 0, few) };
  const [face, depth] = [image.face.narrow(0, 0, few), image.depth.narrow(0, 0, few)];
  const peer = {
    task: "listing",
    vertices: table.give("vertices", mesh.vertices),
    faces: table.give("faces", mesh.faces),
    viewmats: table.give("viewmats", views.viewmats),
    focal: 500,
    face: table.give("face", image.face),
    depth: table.give("depth", image.depth),
    labels: table.give("labels", labels),
    size: [views.width, views.height],
    classes: CLASSES,
  };
  await table.compare({
    name: "score aggregation, 72 views × 25 classes, labels, Listing 1",
    bar: 0.6,
    stretch: 0.2,
    ours: () => aggregateLabels(mesh, views, image, labels, CLASSES),
    peer: { ...peer, views: 72 },
    check: ({ sums }) => ({ check: table.give("sums", sums) }),
    rounds: 2,
  });
  await table.compare({
    name: `score aggregation, ${few} views × 25 features, Listing 1`,
    bar: 0.6,
    stretch: 0.2,
    ours: () => aggregateScores(mesh, some, { ...image, face, depth }, features),
    peer: { ...peer, views: few },
    check: ({ sums }) => ({ check: table.give("sums", sums) }),
    rounds: 3,
  });
  await table.ask({ task: "forget" });
}
