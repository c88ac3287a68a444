/** A site's annotated mesh, from its views and its scene to `annotated.safetensors`. */
import { join } from "node:path";
import type { z } from "zod";
import { loadSafetensors, ops, saveSafetensors, scope, Tensor } from "../../../ffi";
import { parallelView } from "../capture/parallel-view";
import { classColours, normalColours, type Picture, sheetOf, writePng } from "../capture/pictures";
import { cameraOf, readTransforms, type Transforms } from "../capture/transforms";
import { dct } from "../features/dct";
import { VOXEL_CHANNELS } from "../features/extractor";
import { readSceneMesh } from "../scene-input";
import { aggregateViews, takeRows } from "./aggregate";
import { annotatingViews } from "./choose-views";
import { levelWater } from "./level-water";
import { nearestSeen } from "./nearest-seen";
import type { annotateOptions } from "./options";
import { type Surface, surfaceWithin } from "./surface";

export interface AnnotateTask {
  capturedDir: string;
  sceneDir: string;
  out: string;
  options: z.infer<typeof annotateOptions>;
  progress(done: number, total: number): void;
}

export interface AnnotateResult {
  views: number;
  vertices: number;
  faces: number;
  facesWithin: number;
  /** Share of the vertices that no view saw. */
  unseenShare: number;
  levelled: number;
}

export async function annotateSite(task: AnnotateTask): Promise<AnnotateResult> {
  const transforms = await readTransforms(join(task.capturedDir, "transforms.json"));
  const { picture, ...result } = scope(() => annotate(task, transforms)); // all tensors are gone before the next wait
  await writePng(join(task.out, "annotated.png"), picture);
  return result;
}

function annotate({ capturedDir, sceneDir, out, options, progress }: AnnotateTask, transforms: Transforms): AnnotateResult & { picture: Picture } {
  const scene = readSceneMesh(sceneDir);
  const levelled = levelWater(scene, options.level_water_m);
  const surface = surfaceWithin(scene, options.extent_m, options.outside_pixel_m);
  const chosen = annotatingViews(transforms.frames, options.adalevel_views);
  const cameras = chosen.map((i) => cameraOf(transforms, transforms.frames[i]!));
  const { tensors: captured } = loadSafetensors(join(capturedDir, "views.safetensors"));
  const pick = (name: string) => captured.get(name)!.indexSelect(0, Tensor.from(chosen, [chosen.length], { dtype: "i64" }));
  const aggregated = aggregateViews(surface, cameras, { rgb: pick("rgb"), semantic: pick("semantic") }, dct, options, (done) =>
    progress(done, cameras.length),
  );

  const seen = aggregated.seen.to("u8").toArray() as Uint8Array;
  const nearest = nearestSeen(surface.vertices.toArray() as Float32Array, seen);
  const [feats, semantic] = [takeRows(aggregated.feats, nearest), takeRows(aggregated.semantic, nearest)];
  saveSafetensors(
    join(out, "annotated.safetensors"),
    new Map([
      ["vertices", surface.vertices],
      ["faces", surface.faces],
      ["feats", feats.to("f16")],
      ["semantic", semantic],
      ["seen", aggregated.seen.to("u8")],
    ]),
    { extractor: dct.id },
  );
  return {
    views: chosen.length,
    vertices: surface.vertices.shape[0]!,
    faces: surface.faces.shape[0]!,
    facesWithin: surface.facesWithin,
    unseenShare: 1 - seen.reduce((sum, s) => sum + s, 0) / seen.length,
    levelled,
    picture: sheetOf([fromAbove(surface, { feats, semantic, seen: aggregated.seen })], 1),
  };
}

/** Colour, class, normal and what was not seen, 320 pixels wide each. */
function fromAbove({ vertices, faces }: Surface, { feats, semantic, seen }: { feats: Tensor; semantic: Tensor; seen: Tensor }): Tensor[] {
  return scope(() => {
    const size = vertices
      .narrow(1, 0, 2)
      .max(0)
      .sub(vertices.narrow(1, 0, 2).min(0))
      .max()
      .item();
    const view = parallelView(vertices, faces, [0, 0, 1], size / 319);
    const none = view.face.lt(0).unsqueeze(-1);
    // The first corner of the face that a pixel sees stands for it.
    const corner = faces.select(1, 0).indexSelect(0, view.face.clamp(0).flatten());
    const show = (values_VC: Tensor) => ops.aten.maskedFill(values_VC.indexSelect(0, corner).view([view.height, view.width, 3]), none, 0);
    const middle = feats
      .narrow(1, VOXEL_CHANNELS - 18, 3)
      .add(1)
      .mul(127.5)
      .clamp(0, 255)
      .round()
      .to("u8");
    const normal = normalColours(feats.narrow(1, VOXEL_CHANNELS - 3, 3).mul(127));
    const unseen = seen.logicalNot().to("u8").mul(255).unsqueeze(-1).expand([seen.shape[0]!, 3]);
    return [show(middle), show(classColours(semantic)), show(normal), show(unseen)];
  });
}
