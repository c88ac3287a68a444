/** Views as files that other tools open: `transforms.json` with PNG pictures, `.npy` depth, normals as PNG, classes as palette PNG. */
import { join } from "node:path";
import sharp from "sharp";
import { PALETTE } from "../../earth/api";
import { npyFloat32 } from "./npy";
import { normalColours } from "./pictures";
import { palettePng } from "./png";
import type { Views } from "./render";
import type { Transforms } from "./transforms";

export async function writeViewFiles(dir: string, transforms: Transforms, views: Views, files: "all" | "none"): Promise<void> {
  const name = (folder: string, i: number, ending: string) => `${folder}/${String(i).padStart(4, "0")}.${ending}`;
  const frames = transforms.frames.map((frame, i) =>
    files === "none"
      ? frame
      : {
          ...frame,
          file_path: name("images", i, "png"),
          depth_file_path: name("depth", i, "npy"),
          normal_file_path: name("normal", i, "png"),
          semantic_file_path: name("semantic", i, "png"),
        },
  );
  await Bun.write(join(dir, "transforms.json"), JSON.stringify({ ...transforms, frames }, null, 1));
  if (files === "none") return;
  const { w: width, h: height } = transforms;
  const raw = { raw: { width, height, channels: 3 as const } };
  for (let i = 0; i < frames.length; i++) {
    const rgb = views.rgb.select(0, i).toArray() as Uint8Array;
    const normal = normalColours(views.normal.select(0, i)).toArray() as Uint8Array;
    await Promise.all([
      sharp(rgb, raw)
        .png()
        .toFile(join(dir, name("images", i, "png"))),
      sharp(normal, raw)
        .png()
        .toFile(join(dir, name("normal", i, "png"))),
      Bun.write(join(dir, name("depth", i, "npy")), npyFloat32(views.depth.select(0, i).toArray() as Float32Array, [height, width])),
      Bun.write(join(dir, name("semantic", i, "png")), palettePng(views.semantic.select(0, i).toArray() as Uint8Array, width, height, PALETTE)),
    ]);
  }
}
