/** The views of a site, from its planned cameras to files. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { ops, saveSafetensors, scope, type Tensor } from "../../../ffi";
import { readRenderMesh } from "../scene-input";
import { classColourSums } from "./class-colours";
import type { captureOptions } from "./options";
import { classColours, depthGrey, normalColours, sheet } from "./pictures";
import { SceneRenderer, type Views } from "./render";
import { cameraOf, readTransforms, type Transforms } from "./transforms";
import { writeViewFiles } from "./view-files";

/** Pixels rendered at once. */
const PIXELS_AT_ONCE = 2 ** 20;

export interface CaptureTask {
  viewpointsDir: string;
  sceneDir: string;
  out: string;
  options: z.infer<typeof captureOptions>;
  progress(done: number, total: number): void;
}

export async function captureSite({
  viewpointsDir,
  sceneDir,
  out,
  options,
  progress,
}: CaptureTask): Promise<{ count: number; width: number; height: number; covered: number }> {
  const transforms = await readTransforms(join(viewpointsDir, "transforms.json"));
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
  for (let first = 0; first < cameras.length; first += step) {
    parts.push(renderer.render(cameras.slice(first, first + step), options.supersample));
    progress(Math.min(cameras.length, first + step), cameras.length);
  }
  const joined = (key: keyof Views) =>
    ops.aten.cat(
      parts.map((part) => part[key]),
      0,
    );
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
  if (options.files === "all") for (const folder of ["images", "depth", "normal", "semantic"]) mkdirSync(join(out, folder));
  await writeViewFiles(out, transforms, views, options.files);
  await Bun.write(join(out, "class-colours.json"), JSON.stringify(classColourSums(views.rgb, views.semantic, views.depth)));
  await sheet(join(out, "views.png"), shownTiles(transforms, views), Math.max(1, Math.round(240 / width)));
  return { count: cameras.length, width, height, covered: scope(() => views.depth.gt(0).to("f32").mean().item()) };
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
