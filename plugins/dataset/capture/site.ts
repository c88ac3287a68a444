/** The views of a site, from its planned cameras to files. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { saveSafetensors, scope, Tensor } from "../../../ffi";
import { readRenderMesh } from "../scene-input";
import { classColourSums } from "./class-colours";
import { addClassSums, type ClassSums } from "./mean-colour";
import type { captureOptions } from "./options";
import { classColours, depthGrey, normalColours, sheetOf, writePng } from "./pictures";
import { SceneRenderer, type Views } from "./render";
import { cameraOf, readTransforms, type Transforms } from "./transforms";
import { viewArrays, writeViewFiles } from "./view-files";

/** Pixels rendered at once. */
const PIXELS_AT_ONCE = 2 ** 20;

export interface CaptureTask {
  viewpointsDir: string;
  sceneDir: string;
  out: string;
  options: z.infer<typeof captureOptions>;
  progress(done: number, total: number): void;
}

export async function captureSite(task: CaptureTask): Promise<{ count: number; width: number; height: number; covered: number }> {
  const transforms = await readTransforms(join(task.viewpointsDir, "transforms.json"));
  // All tensors are gone before the first wait: what is written as files has been copied out.
  const { files, shown, classColours: sums, covered } = scope(() => render(task, transforms));
  const { out, options } = task;
  await Bun.write(join(out, "class-colours.json"), JSON.stringify(sums));
  await writePng(join(out, "views.png"), shown);
  if (options.files === "all") for (const folder of ["images", "depth", "normal", "semantic"]) mkdirSync(join(out, folder));
  await writeViewFiles(out, transforms, options.files === "all" ? files : undefined);
  return { count: transforms.frames.length, width: transforms.w, height: transforms.h, covered };
}

function render({ sceneDir, out, options, progress }: CaptureTask, transforms: Transforms) {
  const { w: width, h: height } = transforms;
  const cameras = transforms.frames.map((frame) => cameraOf(transforms, frame));
  const renderer = new SceneRenderer(readRenderMesh(sceneDir), {
    azimuth_deg: options.sun_azimuth_deg,
    elevation_deg: options.sun_elevation_deg,
    ambient: options.ambient,
    sun: options.sun,
    shadow_m: options.shadow_m,
  });
  const step = Math.max(1, Math.floor(PIXELS_AT_ONCE / (width * height)));
  const parts: Views[] = [];
  const sums: ClassSums[][] = [];
  for (let first = 0; first < cameras.length; first += step) {
    const part = renderer.render(cameras.slice(first, first + step), options.supersample);
    sums.push(classColourSums(part.rgb, part.semantic, part.depth));
    parts.push(part);
    progress(Math.min(cameras.length, first + step), cameras.length);
  }
  const joined = (key: keyof Views) => {
    const whole = Tensor.cat(
      parts.map((part) => part[key]),
      0,
    );
    for (const part of parts) part[key].dispose();
    return whole;
  };
  const views: Views = { rgb: joined("rgb"), depth: joined("depth"), normal: joined("normal"), semantic: joined("semantic") };
  saveSafetensors(
    join(out, "views.safetensors"),
    new Map<string, Tensor | { dtype: "f32"; shape: number[]; data: Float32Array }>([
      ...Object.entries(views),
      ["c2w", { dtype: "f32", shape: [cameras.length, 4, 4], data: Float32Array.from(cameras.flatMap((c) => [...c.c2w])) }],
      [
        "intrinsics",
        { dtype: "f32", shape: [cameras.length, 4], data: Float32Array.from(cameras.flatMap(({ fx, fy, cx, cy }) => [fx, fy, cx, cy])) },
      ],
    ]),
  );
  return {
    files: viewArrays(views),
    shown: sheetOf(shownTiles(transforms, views), Math.max(1, Math.round(240 / width))),
    classColours: addClassSums(sums),
    covered: views.depth.gt(0).to("f32").mean().item(),
  };
}

/** A Top view and a lowest AdaLevel view, four ways each. */
function shownTiles({ frames }: Transforms, views: Views): Tensor[][] {
  const shown = [frames.findIndex((f) => f.pattern === "top-outer"), frames.findLastIndex((f) => f.pattern === "adalevel" && f.level === 0)];
  const rows = shown.filter((i) => i >= 0);
  return (rows.length > 0 ? rows : [0]).map((i) => {
    const at = (key: keyof Views) => views[key].select(0, i);
    return [at("rgb"), depthGrey(at("depth")), normalColours(at("normal")), classColours(at("semantic"))];
  });
}
