/** Views as files that other tools open: `transforms.json` with PNG pictures, `.npy` depth, normals as PNG, classes as palette PNG. */
import { join } from "node:path";
import { PALETTE } from "../../earth/api";
import { npyFloat32 } from "./npy";
import { normalColours, writePng } from "./pictures";
import { palettePng } from "./png";
import type { Views } from "./render";
import type { Transforms } from "./transforms";

/** Views out of the tensor library's hands. */
export interface ViewArrays {
  rgb: Uint8Array;
  depth: Float32Array;
  /** Normals as colours. */
  normal: Uint8Array;
  semantic: Uint8Array;
}

export function viewArrays({ rgb, depth, normal, semantic }: Views): ViewArrays {
  return {
    rgb: rgb.toArray() as Uint8Array,
    depth: depth.toArray() as Float32Array,
    normal: normalColours(normal).toArray() as Uint8Array,
    semantic: semantic.toArray() as Uint8Array,
  };
}

/** Without `views` only `transforms.json` is written. */
export async function writeViewFiles(dir: string, transforms: Transforms, views: ViewArrays | undefined): Promise<void> {
  const name = (folder: string, i: number, ending: string) => `${folder}/${String(i).padStart(4, "0")}.${ending}`;
  const frames = transforms.frames.map((frame, i) =>
    views === undefined
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
  if (views === undefined) return;
  const { w: width, h: height } = transforms;
  const pixels = width * height;
  for (let i = 0; i < frames.length; i++) {
    const of = <A extends Uint8Array | Float32Array>(array: A, channels: number) =>
      array.subarray(i * pixels * channels, (i + 1) * pixels * channels) as A;
    await Promise.all([
      writePng(join(dir, name("images", i, "png")), { width, height, data: of(views.rgb, 3) }),
      writePng(join(dir, name("normal", i, "png")), { width, height, data: of(views.normal, 3) }),
      Bun.write(join(dir, name("depth", i, "npy")), npyFloat32(of(views.depth, 1), [height, width])),
      Bun.write(join(dir, name("semantic", i, "png")), palettePng(of(views.semantic, 1), width, height, PALETTE)),
    ]);
  }
}
