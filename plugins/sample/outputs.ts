/** What sampling leaves on disk, and pictures of it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { noGrad, saveSafetensors, scope, Tensor } from "../../ffi";
import { openglViews } from "../../ffi/mesh";
import { renderSplats } from "../../ffi/splat";
import { type Georeference, PALETTE } from "../earth/api";
import { activate, splatColours } from "../models/api";
import { beside, colourPicture, depthPicture, normalPicture, obliquePicture, type Picture, writePng, writeScene } from "../view/api";
import { cellsOf, type Scene } from "./pipeline";

/** Where a scene's lattice lies: its cell (0, 0, 0) begins at `corner_m` of the local frame. */
export interface Placement {
  corner_m: readonly [number, number, number];
  voxel_m: number;
  georeference?: Georeference;
}

/** A scene in plain arrays: what files and pictures are made of. N voxels, M splats, lengths in cells. */
export interface FlatScene {
  coords: Int32Array;
  /** [N, 3] sRGB. */
  rgb: Uint8Array;
  /** In cells of the lattice. */
  splats: { count: number; means: Float32Array; quats: Float32Array; scales: Float32Array; opacities: Float32Array; sh: Float32Array };
}

/** @param raw [N, K·23] */
export function flatten(coords_N4: Tensor, raw: Tensor): FlatScene {
  return noGrad(() =>
    scope(() => {
      const n = coords_N4.shape[0]!;
      const splats = activate(raw, coords_N4);
      const colours = n === 0 ? new Float32Array(0) : splatColours(splats, n);
      const floats = (tensor: Tensor) => tensor.contiguous().toArray() as Float32Array;
      return {
        coords: cellsOf(coords_N4),
        rgb: Uint8Array.from(colours, (value) => Math.round(255 * Math.min(1, Math.max(0, value)))),
        splats: {
          count: splats.means.shape[0]!,
          ...{ means: floats(splats.means), quats: floats(splats.quats), scales: floats(splats.scales) },
          ...{ opacities: floats(splats.opacities), sh: floats(splats.sh) },
        },
      };
    }),
  );
}

/** `scene.safetensors`, in metres: what `view` exports. */
export function writeFlatScene(path: string, scene: FlatScene, { corner_m, voxel_m, georeference }: Placement, semantic?: Uint8Array): void {
  const { splats } = scene;
  const means = splats.means.map((value, i) => corner_m[i % 3]! + value * voxel_m);
  writeScene(path, {
    voxels: { coords: scene.coords, rgb: scene.rgb, voxel_m, corner_m },
    splats: { ...splats, means, scales: splats.scales.map((value) => value * voxel_m) },
    ...(semantic && { semantic }),
    ...(georeference && { georeference }),
  });
}

/** `products.safetensors`: every stage's product, to go on from or to look into. */
export function writeProducts(dir: string, scene: Scene): void {
  const tensors = new Map([
    ["voxels", scene.texture.coords],
    ["texture", scene.texture.feats],
    ["splats", scene.splats],
  ]);
  if (scene.coarse) tensors.set("coarse", Tensor.from(scene.coarse, [scene.coarse.length / 3, 3]));
  if (scene.latents) {
    tensors.set("cells", scene.latents.coords);
    tensors.set("latents", scene.latents.feats);
  }
  mkdirSync(dir, { recursive: true });
  saveSafetensors(join(dir, "products.safetensors"), tensors);
}

/** Of each voxel, the class that the map has above it: u8 [N]. @param map [extent, extent], north-up */
export function classesFromMap(coords: Int32Array, map: Uint8Array, extent: number): Uint8Array {
  return Uint8Array.from({ length: coords.length / 3 }, (_, i) => map[(extent - 1 - coords[3 * i + 1]!) * extent + coords[3 * i]!]!);
}

/**
 * Colour, depth, normal and, where classes are known, semantics of the splats from the south-west, above.
 *
 * @param extent cells along x and y that the camera frames
 * @param semantic class of each voxel, u8 [N]
 */
function renderPictures(scene: FlatScene, extent: readonly [number, number], pixels: number, semantic?: Uint8Array): Picture[] {
  return noGrad(() =>
    scope(() => {
      const { splats } = scene;
      const focal = 1.2 * pixels;
      const views = openglViews([{ c2w: cameraOver(scene.coords, extent), intrinsics: [focal, focal, pixels / 2, pixels / 2] }], pixels, pixels);
      const tensor = (values: Float32Array, width: number[]) => Tensor.from(values, [splats.count, ...width]);
      const shape = {
        ...{ means: tensor(splats.means, [3]), quats: tensor(splats.quats, [4]), scales: tensor(splats.scales, [3]) },
        opacities: tensor(splats.opacities, []),
      };
      const background = Tensor.from(Float32Array.of(0.95, 0.96, 0.97));
      const image = renderSplats({ ...shape, sh: tensor(splats.sh, [4, 3]) }, { ...views, background });
      const floats = (t: Tensor) => t.contiguous().toArray() as Float32Array;
      const coloured = (color: Tensor) => colourPicture(floats(color.select(0, 0).permute([1, 2, 0])), pixels, pixels);
      const pictures = [
        coloured(image.color),
        depthPicture(floats(image.depth.select(0, 0)), pixels, pixels),
        normalPicture(floats(image.normal.select(0, 0).permute([1, 2, 0])), pixels, pixels),
      ];
      if (semantic) {
        const each = splats.count / semantic.length;
        const colors = Float32Array.from({ length: 3 * splats.count }, (_, i) => PALETTE[3 * semantic[Math.floor(i / 3 / each)]! + (i % 3)]! / 255);
        pictures.push(coloured(renderSplats({ ...shape, colors: tensor(colors, [3]) }, { ...views, background }).color));
      }
      return pictures;
    }),
  );
}

/** OpenGL camera-to-world, in cells: from the south-west and above, looking at the middle of the surface. */
function cameraOver(coords: Int32Array, [width, depth]: readonly [number, number]): number[] {
  let height = 0;
  for (let i = 2; i < coords.length; i += 3) height += coords[i]! / Math.max(1, coords.length / 3);
  const distance = 1.35 * Math.max(width, depth);
  const back = unit([-0.45, -0.6, 0.75]);
  const right = unit(cross([0, 0, 1], back));
  const up = cross(back, right);
  const eye = [width / 2 + distance * back[0]!, depth / 2 + distance * back[1]!, height + distance * back[2]!];
  return [0, 1, 2].flatMap((axis) => [right[axis]!, up[axis]!, back[axis]!, eye[axis]!]).concat([0, 0, 0, 1]);
}

function cross(a: readonly number[], b: readonly number[]): number[] {
  return [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
}

function unit(v: readonly number[]): number[] {
  const length = Math.hypot(...v);
  return v.map((value) => value / length);
}

/** `<name>.png`: the rendered splats side by side (see `renderPictures`); `<name>-voxels.png`: the voxels in oblique view. */
export async function writePictures(
  dir: string,
  name: string,
  scene: FlatScene,
  extent: readonly [number, number],
  placement: Placement,
  semantic?: Uint8Array,
): Promise<string[]> {
  if (scene.coords.length === 0) return [];
  await writePng(join(dir, `${name}.png`), beside(renderPictures(scene, extent, 320, semantic)));
  await writePng(join(dir, `${name}-voxels.png`), obliquePicture({ coords: scene.coords, rgb: scene.rgb, ...placement }, { pixels: 720 }));
  return [`${name}.png`, `${name}-voxels.png`];
}
