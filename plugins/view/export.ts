/** One scene as the files that other people's tools open, and as pictures. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLASSES, PALETTE } from "../earth/api";
import { encodeElevation, heightMap } from "./elevation";
import { encodeGlb } from "./glb";
import { obliquePicture, topPicture } from "./oblique";
import { enlarge, heightPicture, type Picture, writePng } from "./pictures";
import { encodePly } from "./ply";
import type { SceneFile } from "./scene-file";
import type { Voxels } from "./voxels";

export const EXPORTS = ["png", "ply", "glb", "tif"] as const;
export type ExportKind = (typeof EXPORTS)[number];

export interface Exported {
  file: string;
  /** What one sees or opens. */
  caption: string;
}

/** The same voxels in the colours of their classes. */
export function classColours(voxels: Voxels, semantic: Uint8Array): Voxels {
  const rgb = new Uint8Array(voxels.rgb.length);
  for (const [i, id] of semantic.entries()) rgb.set(PALETTE.subarray(3 * id, 3 * id + 3), 3 * i);
  return { ...voxels, rgb };
}

/**
 * @param dir folder to write into
 * @returns the files written, relative to it; a scene without splats gives no PLY
 */
export async function exportScene(
  scene: SceneFile,
  dir: string,
  { kinds = EXPORTS, pixels = 960 }: { kinds?: readonly ExportKind[]; pixels?: number } = {},
): Promise<Exported[]> {
  mkdirSync(dir, { recursive: true });
  const { voxels, semantic, splats, georeference } = scene;
  const written: Exported[] = [];
  const save = (file: string, bytes: Uint8Array | string, caption: string) => {
    writeFileSync(join(dir, `.${file}.part`), bytes);
    renameSync(join(dir, `.${file}.part`), join(dir, file));
    written.push({ file, caption });
  };
  const draw = async (file: string, picture: Picture, caption: string) => {
    await writePng(join(dir, file), picture);
    written.push({ file, caption });
  };
  const empty = voxels.coords.length === 0;
  if (kinds.includes("png") && !empty) {
    await draw("oblique.png", obliquePicture(voxels, { pixels }), "The voxels from the south-west");
    await draw("top.png", topPicture(voxels, pixels), "From above, north up");
    if (semantic) await draw("classes.png", topPicture(classColours(voxels, semantic), pixels), `Land cover from above: ${namesOf(semantic)}`);
    const map = heightMap(voxels);
    const relief = heightPicture(map.values, map.width, map.height, map.pixel_m);
    await draw("height.png", enlarge(relief, Math.max(1, Math.floor(pixels / Math.max(map.width, map.height)))), `Height, ${rangeOf(map.values)}`);
  }
  if (kinds.includes("ply") && splats)
    save("splats.ply", encodePly(splats, { comments: commentsOf(scene) }), "Gaussian splats in the layout of 3DGS");
  if (kinds.includes("glb") && !empty) save("voxels.glb", await encodeGlb(voxels, georeference), "The voxels' surface, y up");
  if (kinds.includes("tif") && !empty) save("elevation.tif", encodeElevation(voxels, georeference), "Elevation of the highest voxels");
  if (georeference) save("georeference.json", `${JSON.stringify(georeference, null, 2)}\n`, "Where the local frame lies on Earth");
  return written;
}

function commentsOf({ georeference }: SceneFile): string[] {
  if (!georeference) return ["metres, x east, y north, z up; generated nowhere on Earth"];
  const { lat, lon, h } = georeference.origin;
  return [`metres, x east, y north, z up, about WGS 84 ${lat} ${lon} ${h}`, ...georeference.attribution];
}

function rangeOf(heights: Float32Array): string {
  const known = heights.filter(Number.isFinite);
  const low = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return `${low.toFixed(0)} to ${high.toFixed(0)} m about the local origin`;
}

/** The classes that fill at least a fiftieth, largest first. */
function namesOf(semantic: Uint8Array): string {
  const counts = new Uint32Array(CLASSES.length);
  for (const id of semantic) counts[id]!++;
  return [...counts.entries()]
    .filter(([id, count]) => id > 0 && count * 50 >= semantic.length)
    .sort(([, a], [, b]) => b - a)
    .map(([id]) => CLASSES[id]!.name.toLowerCase())
    .join(", ");
}
