/**
 * A scene as one safetensors file: what `sample` and `extend` write and `view` reads. Everything is in metres of the local ENU frame.
 *
 *     coords  i16 or i32 [N, 3]   cells of the lattice (x east, y north, z up)        rgb  u8 [N, 3]
 *     semantic  u8 [N]            Table 13, where it is known
 *     means f32 [M, 3] · quats f32 [M, 4] (w, x, y, z) · scales f32 [M, 3] · opacities f32 [M] · sh f32 [M, K, 3]      where there are splats
 *
 * metadata: `voxel_m`, `corner_m` (lower corner of cell (0, 0, 0)), `georeference` (JSON) where the scene has a place on Earth.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { EXIT, UserError } from "../../cli/plugin";
import { openSafetensors, type SafetensorsFile, type StoredTensor, writeSafetensors } from "../../ffi/safetensors";
import { type Georeference, georeferenceSchema } from "../earth/api";
import type { Splats } from "./splats";
import type { Voxels } from "./voxels";

export interface SceneFile {
  voxels: Voxels;
  /** [N] ids of Table 13. */
  semantic?: Uint8Array;
  splats?: Splats;
  georeference?: Georeference;
}

const SPLAT_WIDTHS = { means: [3], quats: [4], scales: [3], opacities: [], sh: [-1, 3] } as const;

export function writeScene(path: string, { voxels, semantic, splats, georeference }: SceneFile): void {
  const count = voxels.coords.length / 3;
  const tensors = new Map<string, StoredTensor>([
    ["coords", { dtype: voxels.coords instanceof Int16Array ? "i16" : "i32", shape: [count, 3], data: voxels.coords }],
    ["rgb", { dtype: "u8", shape: [count, 3], data: voxels.rgb }],
  ]);
  if (semantic) tensors.set("semantic", { dtype: "u8", shape: [count], data: semantic });
  if (splats)
    for (const [name, width] of Object.entries(SPLAT_WIDTHS) as [keyof typeof SPLAT_WIDTHS, readonly number[]][]) {
      const tail = width.map((w) => (w > 0 ? w : splats.count === 0 ? 1 : splats.sh.length / (3 * splats.count)));
      tensors.set(name, { dtype: "f32", shape: [splats.count, ...tail], data: splats[name] });
    }
  mkdirSync(dirname(path), { recursive: true });
  writeSafetensors(path, tensors, {
    voxel_m: String(voxels.voxel_m),
    corner_m: JSON.stringify(voxels.corner_m),
    ...(georeference ? { georeference: JSON.stringify(georeference) } : {}),
  });
}

/** @throws UserError of exit 65 naming what the file lacks, and SafetensorsError when it is damaged */
export function readScene(path: string): SceneFile {
  const file = openSafetensors(path);
  try {
    return sceneOf(path, file);
  } catch (error) {
    if (error instanceof RangeError) throw new UserError({ what: error.message, exit: EXIT.badInput }, { cause: error });
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw new UserError(
        { what: `its metadata are no scene's: ${error.message.split("\n")[0]}`, where: path, exit: EXIT.badInput },
        { cause: error },
      );
    throw error;
  }
}

function sceneOf(path: string, file: SafetensorsFile): SceneFile {
  const need = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new RangeError(`${path}: no ${what}, so it is no scene`);
    return value;
  };
  const voxel_m = Number(need(file.metadata.voxel_m, "metadata voxel_m"));
  const corner_m = JSON.parse(need(file.metadata.corner_m, "metadata corner_m")) as [number, number, number];
  if (!(voxel_m > 0) || corner_m.length !== 3 || !corner_m.every(Number.isFinite))
    throw new RangeError(`${path}: voxel_m ${voxel_m}, corner_m ${corner_m} place no voxel`);
  const coords = read(file, path, "coords", 3);
  if (!(coords instanceof Int16Array || coords instanceof Int32Array))
    throw new RangeError(`${path}: coords are ${file.entry("coords").dtype}, i16 or i32 are wanted`);
  const rgb = read(file, path, "rgb", 3);
  const count = coords.length / 3;
  if (!(rgb instanceof Uint8Array) || rgb.length !== coords.length) throw new RangeError(`${path}: rgb does not fit ${count} voxels of u8`);
  const semantic = file.entries.has("semantic") ? read(file, path, "semantic") : undefined;
  if (semantic !== undefined && (!(semantic instanceof Uint8Array) || semantic.length !== count))
    throw new RangeError(`${path}: semantic does not fit ${count} voxels of u8`);
  const splats = file.entries.has("means") ? readSplats(file, path) : undefined;
  const georeference = file.metadata.georeference ? georeferenceSchema.parse(JSON.parse(file.metadata.georeference)) : undefined;
  return {
    voxels: { coords, rgb, voxel_m, corner_m },
    ...(semantic ? { semantic } : {}),
    ...(splats ? { splats } : {}),
    ...(georeference ? { georeference } : {}),
  };
}

/** @param width of the last axis, when that is fixed */
function read(file: SafetensorsFile, path: string, name: string, width?: number) {
  if (!file.entries.has(name)) throw new RangeError(`${path}: no tensor ${name}, so it is no scene`);
  const { shape } = file.entry(name);
  if (width !== undefined && (shape.length !== 2 || shape[1] !== width))
    throw new RangeError(`${path}: ${name} is [${shape.join(", ")}], [N, ${width}] is wanted`);
  return file.array(name);
}

function readSplats(file: SafetensorsFile, path: string): Splats {
  const floats = (name: keyof typeof SPLAT_WIDTHS): Float32Array => {
    const values = read(file, path, name);
    if (!(values instanceof Float32Array)) throw new RangeError(`${path}: ${name} is ${file.entry(name).dtype}, f32 is wanted`);
    return values;
  };
  const opacities = floats("opacities");
  return { count: opacities.length, means: floats("means"), quats: floats("quats"), scales: floats("scales"), opacities, sh: floats("sh") };
}
