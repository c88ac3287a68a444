/** The nine crops of a site, from its annotated mesh to samples on disk. */
import { join } from "node:path";
import { loadSafetensors, saveSafetensors, scope, type Tensor } from "../../../ffi";
import { CENTRE_M, CLASSES, Lattice, snapFloor } from "../../earth/api";
import { classColours, heightGrey, sheet } from "../capture/pictures";
import { readTransforms } from "../capture/transforms";
import { SAMPLE_VERSION, type SampleRecord } from "../sample-format/sample";
import { type AnnotatedMesh, type CropVoxels, oneHot, paint, voxelizeCrop } from "./crop";
import { viewShares } from "./view-shares";

export interface SiteTask {
  site: string;
  annotatedDir: string;
  capturedDir: string;
  out: string;
  options: { cells: number; least_view_share: number };
  progress(done: number, total: number): void;
  /** Makes and names the folder of a crop. */
  folderOf(crop: string): string;
}

export async function voxelizeSite(task: SiteTask): Promise<{ samples: SampleRecord[]; classRows: [string, number, number][] }> {
  const { site, options, out } = task;
  const { tensors: annotated, metadata } = loadSafetensors(join(task.annotatedDir, "annotated.safetensors"));
  const extractor = metadata.extractor ?? "";
  const transforms = await readTransforms(join(task.capturedDir, "transforms.json"));
  const { tensors: views } = loadSafetensors(join(task.capturedDir, "views.safetensors"));

  const mesh: AnnotatedMesh = scope(() => ({
    vertices: annotated.get("vertices")!,
    faces: annotated.get("faces")!,
    feats: annotated.get("feats")!.to("f32"),
    classes: oneHot(annotated.get("semantic")!),
  }));
  const { lowest_m, highest_m } = heightsWithin(mesh.vertices);
  const lattice = new Lattice(options.cells, snapFloor(lowest_m, new Lattice(options.cells, 0).voxel_m));
  const offsets = lattice.cropOffsets;
  const crops = offsets.flatMap((y, row) =>
    offsets.map((x, column) => ({ name: `c${column}${row}`, crop: [column, row] as [number, number], offset: [x, y] as const })),
  );
  const shares = viewShares(
    { depth: views.get("depth")!, c2w: views.get("c2w")!, intrinsics: views.get("intrinsics")! },
    crops.map(({ offset }) => [offset[0] * lattice.voxel_m, offset[1] * lattice.voxel_m]),
  );

  const samples: SampleRecord[] = [];
  const previews = new Map<string, Tensor[]>();
  const counts = new Array<number>(CLASSES.length).fill(0);
  for (const [i, { name, crop, offset }] of crops.entries()) {
    const voxels = voxelizeCrop(mesh, lattice, offset, highest_m);
    const { coords, feats, rgb, semantic, normal, semanticMap } = voxels;
    const folder = task.folderOf(name);
    await saveSafetensors(
      join(folder, "sample.safetensors"),
      new Map([
        ["coords", coords],
        ["feats", feats],
        ["rgb", rgb],
        ["semantic", semantic],
        ["normal", normal],
        ["semantic_map", semanticMap],
      ]),
      { extractor },
    );
    const class_voxels = histogram(semantic.toArray() as Uint8Array);
    for (const [c, n] of class_voxels.entries()) counts[c]! += n;
    const record: SampleRecord = {
      version: SAMPLE_VERSION,
      id: `${site}.${name}`,
      site,
      crop,
      offset_cells: [offset[0], offset[1], 0],
      cells: options.cells,
      voxel_m: lattice.voxel_m,
      z_floor_m: lattice.zFloor_m,
      voxels: coords.shape[0]!,
      cut_voxels: voxels.cut,
      height_cells: voxels.heightMap.to("i32").max().item() + 1,
      class_voxels,
      extractor,
      views: shares[i]!.map((share, view) => ({ view, share: Number(share.toFixed(4)) }))
        .filter(({ share }) => share >= options.least_view_share)
        .sort((a, b) => b.share - a.share || a.view - b.view),
      ...(transforms.georeference ? { georeference: transforms.georeference } : {}),
    };
    samples.push(record);
    await Bun.write(join(folder, "sample.json"), JSON.stringify(record, null, 1));
    previews.set(name, preview(voxels));
    for (const t of [coords, feats, rgb, semantic, normal, voxels.topIndex]) t.dispose();
    task.progress(i + 1, crops.length);
  }
  const tile = (kind: number) => [2, 1, 0].map((row) => [0, 1, 2].map((column) => previews.get(`c${column}${row}`)![kind]!));
  const [colour, height, classes] = [tile(0), tile(1), tile(2)];
  await sheet(
    join(out, "crops.png"),
    colour.map((row, r) => [...row, ...height[r]!, ...classes[r]!]),
    Math.max(1, Math.round(128 / options.cells)),
  );
  const total = counts.reduce((a, b) => a + b, 0);
  const classRows = counts
    .map((n, c): [string, number, number] => [CLASSES[c]!.name, n, Number(((100 * n) / total).toFixed(2))])
    .filter(([, n]) => n > 0);
  return { samples, classRows: classRows.sort((a, b) => b[1] - a[1]) };
}

/** Lowest and highest vertex over the central square. */
function heightsWithin(vertices_V3: Tensor): { lowest_m: number; highest_m: number } {
  return scope(() => {
    const z = vertices_V3.select(1, 2);
    const inside = vertices_V3
      .narrow(1, 0, 2)
      .abs()
      .max(1)
      .le(CENTRE_M / 2);
    return { lowest_m: z.where(inside, Number.POSITIVE_INFINITY).min().item(), highest_m: z.where(inside, Number.NEGATIVE_INFINITY).max().item() };
  });
}

function histogram(labels: Uint8Array): number[] {
  const counts = new Array<number>(CLASSES.length).fill(0);
  for (const label of labels) counts[label]!++;
  return counts;
}

function preview({ topIndex, rgb, heightMap, semanticMap }: CropVoxels): Tensor[] {
  return scope(() => [paint(topIndex, rgb, 0), heightGrey(heightMap.to("f32")), classColours(semanticMap)]);
}
