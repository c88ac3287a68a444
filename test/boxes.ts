/** A small town of boxes with known pictures: rays meet them in closed form. Nothing about it is symmetric. */
import { Tensor } from "../ffi";
import { pixelRays, type Rays } from "../ffi/hashgrid";
import type { OpenGLCamera } from "../ffi/mesh";
import { numbers } from "./voxels";

type Vec3 = readonly [number, number, number];

/** Low and high corner in metres, colour. The first is the ground, which all cameras of `cameraRound` see everywhere. */
const BOXES: readonly (readonly [Vec3, Vec3, Vec3])[] = [
  [
    [-20, -20, -14],
    [20, 20, -10],
    [0.35, 0.55, 0.3],
  ],
  [
    [-6, -4, -10],
    [-2, 1, -3],
    [0.85, 0.3, 0.2],
  ],
  [
    [1, 2, -10],
    [6, 6, -6],
    [0.2, 0.4, 0.85],
  ],
  [
    [2, -7, -10],
    [4, -3, -8],
    [0.9, 0.8, 0.25],
  ],
  [
    [-3, 4, -10],
    [-1, 8, -5],
    [0.75, 0.75, 0.8],
  ],
];
/** How bright faces across x, y and z are, low side first. */
const SHADES = [
  [0.55, 0.8],
  [0.65, 0.9],
  [0.4, 1],
] as const;

export const BOXES_EXTENT_M = 40;

/** Waves a few metres long, of each colour others: what has no texture could be anywhere. */
const paint = ([x, y, z]: readonly number[], c: number) =>
  0.75 + 0.25 * Math.sin(1.3 * x! + 0.5 * y! + c) * Math.cos(0.4 * x! - 1.7 * y! + 1.1 * z! + 2 * c);

/** What rays see first. @returns colours [R, 3] and distances [R], 0 and infinity where there is nothing */
export function seeBoxes({ origins, directions }: Rays): { colors: Float32Array; distances: Float32Array } {
  const [from, along] = [origins.toArray(), directions.toArray()];
  const count = from.length / 3;
  const [colors, distances] = [new Float32Array(3 * count), new Float32Array(count).fill(Number.POSITIVE_INFINITY)];
  for (let r = 0; r < count; ++r)
    for (const [low, high, color] of BOXES) {
      let [enter, leave, face] = [0, Number.POSITIVE_INFINITY, [0, 0]];
      for (const axis of [0, 1, 2] as const) {
        const side = along[3 * r + axis]! > 0 ? 0 : 1;
        const walls = [low[axis], high[axis]].map((wall) => (wall - from[3 * r + axis]!) / along[3 * r + axis]!);
        if (walls[side]! > enter) [enter, face] = [walls[side]!, [axis, side]];
        leave = Math.min(leave, walls[1 - side]!);
      }
      if (enter >= leave || enter === 0 || enter >= distances[r]!) continue;
      distances[r] = enter;
      const at = [0, 1, 2].map((axis) => from[3 * r + axis]! + enter * along[3 * r + axis]!);
      for (const c of [0, 1, 2] as const) colors[3 * r + c] = color[c] * SHADES[face[0]!]![face[1]!]! * paint(at, c);
    }
  return { colors, distances };
}

/** A camera in the air that looks down at the town, [fx, fy, cx, cy] for a square picture. */
export function cameraRound(angle_rad: number, radius: number, height: number, size: number): OpenGLCamera {
  const eye = [radius * Math.cos(angle_rad), radius * Math.sin(angle_rad), height] as const;
  const target = [0.5, -0.5, -9] as const;
  const back = eye.map((e, i) => e - target[i]!);
  const length = Math.hypot(...back);
  const z = back.map((b) => b / length) as [number, number, number];
  const flat = Math.hypot(z[0], z[1]);
  const x = [-z[1] / flat, z[0] / flat, 0] as const;
  const y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]];
  const c2w = [0, 1, 2].flatMap((axis) => [x[axis]!, y[axis]!, z[axis]!, eye[axis]!]);
  return { c2w: [...c2w, 0, 0, 0, 1], intrinsics: [1.3 * size, 1.3 * size, size / 2, size / 2] };
}

/** `views` cameras round the town at several distances and heights. */
export const camerasRound = (views: number, size: number, turn = 0) =>
  Array.from({ length: views }, (_, v) => cameraRound((v + turn) * 2.4, 2 + 11 * ((v * 0.618) % 1), 4 + 7 * ((v * 0.382) % 1), size));

/** Every pixel of a camera's picture, row by row. */
export const picturePixels = (camera: number, size: number) =>
  Array.from({ length: size * size }, (_, p) => [camera, p % size, Math.floor(p / size)]).flat();

/** Pixels drawn from all pictures, with their colours. */
export function drawPixels(cameras: readonly OpenGLCamera[], size: number, count: number, seed: number) {
  const next = numbers(seed);
  const pixels = Array.from({ length: count }, () => [Math.floor(next() * cameras.length), Math.floor(next() * size), Math.floor(next() * size)]);
  const rays = pixelRays(cameras, pixels.flat());
  return { ...rays, colors: Tensor.from(seeBoxes(rays).colors, [count, 3]) };
}
