/** The nine crops of a site, from its annotated mesh to samples on disk. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSafetensors, saveSafetensors, scope, type Tensor } from "../../../ffi";
import { CENTRE_M, CLASSES, Lattice, snapFloor } from "../../earth/api";
import { classColours, heightGrey, type Picture, sheetOf, writePng } from "../capture/pictures";
import { readTransforms, type Transforms } from "../capture/transforms";
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

export async function voxelizeSite(task: SiteTask): Promise<SampleRecord[]> {
  const transforms = await readTransforms(join(task.capturedDir, "transforms.json"));
  const { samples, picture } = scope(() => voxelize(task, transforms)); // all tensors are gone before the next wait
  await writePng(join(task.out, "crops.png"), picture);
  return samples;
}

function voxelize(task: SiteTask, transforms: Transforms): { samples: SampleRecord[]; picture: Picture } {
  const { site, options } = task;
  const { tensors: annotated, metadata } = loadSafetensors(join(task.annotatedDir, "annotated.safetensors"));
  const { tensors: views } = loadSafetensors(join(task.capturedDir, "views.safetensors"));
  const extractor = metadata.extractor ?? "";
  const mesh: AnnotatedMesh = {
    vertices: annotated.get("vertices")!,
    faces: annotated.get("faces")!,
    feats: annotated.get("feats")!.to("f32"),
    classes: oneHot(annotated.get("semantic")!),
  };
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
  const tops: { crop: [number, number]; top: TopView }[] = [];
  for (const [i, { name, crop, offset }] of crops.entries()) {
    const { record, top } = scope(() => {
      const voxels = voxelizeCrop(mesh, lattice, offset, highest_m);
      const record: SampleRecord = {
        version: SAMPLE_VERSION,
        id: `${site}.${name}`,
        site,
        crop,
        offset_cells: [offset[0], offset[1], 0],
        cells: options.cells,
        voxel_m: lattice.voxel_m,
        z_floor_m: lattice.zFloor_m,
        voxels: voxels.coords.shape[0]!,
        cut_voxels: voxels.cut,
        height_cells: voxels.heightMap.to("i32").max().item() + 1,
        mean_gradient: Number(voxels.meanGradient.toFixed(5)),
        class_voxels: histogram(voxels.semantic.toArray() as Uint8Array),
        extractor,
        views: shares[i]!.map((share, view) => ({ view, share: Number(share.toFixed(4)) }))
          .filter(({ share }) => share >= options.least_view_share)
          .sort((a, b) => b.share - a.share || a.view - b.view),
        ...(transforms.georeference ? { georeference: transforms.georeference } : {}),
      };
      writeSample(task.folderOf(name), voxels, record);
      return { record, top: { colour: paint(voxels.topIndex, voxels.rgb, 0), height: voxels.heightMap.to("f32"), semantic: voxels.semanticMap } };
    });
    samples.push(record);
    tops.push({ crop, top });
    task.progress(i + 1, crops.length);
  }
  return { samples, picture: cropsPicture(tops, samples, options.cells) };
}

function writeSample(folder: string, voxels: CropVoxels, record: SampleRecord): void {
  const { coords, feats, rgb, semantic, normal, semanticMap } = voxels;
  saveSafetensors(
    join(folder, "sample.safetensors"),
    new Map([
      ["coords", coords],
      ["feats", feats],
      ["rgb", rgb],
      ["semantic", semantic],
      ["normal", normal],
      ["semantic_map", semanticMap],
    ]),
    { extractor: record.extractor },
  );
  writeFileSync(join(folder, "sample.json"), JSON.stringify(record, null, 1));
}

interface TopView {
  colour: Tensor;
  height: Tensor;
  semantic: Tensor;
}

/** Colour, height and class from above, each as 3 × 3 crops as they lie, north up. */
function cropsPicture(tops: { crop: [number, number]; top: TopView }[], samples: readonly SampleRecord[], cells: number): Picture {
  return scope(() => {
    const range = {
      low: Math.min(...tops.map(({ top }) => top.height.where(top.height.ge(0), 1e9).min().item())),
      high: Math.max(...samples.map((s) => s.height_cells)) - 1,
    };
    const tiles = [2, 1, 0].map((row) => {
      const across = tops.filter(({ crop }) => crop[1] === row).map(({ top }) => top);
      return [...across.map((t) => t.colour), ...across.map((t) => heightGrey(t.height, range)), ...across.map((t) => classColours(t.semantic))];
    });
    return sheetOf(tiles, Math.max(1, Math.round(128 / cells)));
  });
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
