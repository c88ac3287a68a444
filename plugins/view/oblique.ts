/** Voxels seen from above at an angle, without perspective: a picture that shows relief and buildings at one glance and needs no tensor library. */
import { enlarge, type Picture } from "./pictures";
import { voxelSurface } from "./voxel-surface";
import { extentOf, type Voxels } from "./voxels";

export interface ObliqueView {
  /** Longer edge of the picture. */
  pixels?: number;
  /** Direction that the camera looks to, degrees clockwise from north. */
  heading_deg?: number;
  /** How steeply it looks down. */
  pitch_deg?: number;
  background?: readonly [number, number, number];
}

const SAMPLES = 2;
const MARGIN = 0.03;
const RAD = Math.PI / 180;
/** Towards the sun: east, north, up. */
const SUN = unit([-0.6, -0.25, 1]);
const AMBIENT = 0.5;

type Vec = readonly [number, number, number];

function unit([x, y, z]: Vec): Vec {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

const dot = (a: Vec, b: Vec) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Orthographic axes of the picture: right, down, and away from the camera. */
function axesOf(heading_deg: number, pitch_deg: number): { right: Vec; down: Vec; away: Vec } {
  const [sh, ch, sp, cp] = [Math.sin(heading_deg * RAD), Math.cos(heading_deg * RAD), Math.sin(pitch_deg * RAD), Math.cos(pitch_deg * RAD)];
  return { right: [ch, -sh, 0], down: [-sh * sp, -ch * sp, -cp], away: [sh * cp, ch * cp, -sp] };
}

export function obliquePicture(voxels: Voxels, view: ObliqueView = {}): Picture {
  const { pixels = 960, heading_deg = 30, pitch_deg = 40, background = [250, 250, 247] } = view;
  const { right, down, away } = axesOf(heading_deg, pitch_deg);
  const frame = frameOf(voxels, right, down, pixels * SAMPLES);
  const { width, height, scale, left, top } = frame;
  const rgb = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) rgb.set(background, 3 * i);
  const nearest = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY);

  const { positions, voxel } = voxelSurface(voxels);
  const [u, v, w] = [new Float64Array(4), new Float64Array(4), new Float64Array(4)];
  for (let q = 0; q < voxel.length; q++) {
    const corner = (c: number): Vec => [positions[12 * q + 3 * c]!, positions[12 * q + 3 * c + 1]!, positions[12 * q + 3 * c + 2]!];
    const [a, b, d] = [corner(0), corner(1), corner(3)];
    const normal = unit(cross(minus(b, a), minus(d, a)));
    if (dot(normal, away) >= 0) continue;
    const light = AMBIENT + (1 - AMBIENT) * Math.max(0, dot(normal, SUN)) * 1.15;
    for (let c = 0; c < 4; c++) {
      const p = corner(c);
      u[c] = (dot(p, right) - left) * scale;
      v[c] = (dot(p, down) - top) * scale;
      w[c] = dot(p, away);
    }
    const at = 3 * voxel[q]!;
    const colour: Vec = [voxels.rgb[at]! * light, voxels.rgb[at + 1]! * light, voxels.rgb[at + 2]! * light];
    fill(0, 1, 2, u, v, w, colour, width, height, nearest, rgb);
    fill(0, 2, 3, u, v, w, colour, width, height, nearest, rgb);
  }
  return shrink({ width, height, rgb });
}

function minus(a: Vec, b: Vec): Vec {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function cross(a: Vec, b: Vec): Vec {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** A picture just large enough for the box around the voxels. */
function frameOf(
  voxels: Voxels,
  right: Vec,
  down: Vec,
  longest: number,
): { width: number; height: number; scale: number; left: number; top: number } {
  const { min, max } = extentOf(voxels);
  const corners = Array.from({ length: 8 }, (_, i): Vec => {
    const pick = (axis: number) => voxels.corner_m[axis]! + ((i >> axis) & 1 ? max[axis]! : min[axis]!) * voxels.voxel_m;
    return [pick(0), pick(1), pick(2)];
  });
  const range = (axis: Vec) => {
    const along = corners.map((corner) => dot(corner, axis));
    return [Math.min(...along), Math.max(...along)] as const;
  };
  const [[u0, u1], [v0, v1]] = [range(right), range(down)];
  const margin = MARGIN * Math.max(u1 - u0, v1 - v0, 1e-6);
  const [spanU, spanV] = [u1 - u0 + 2 * margin, v1 - v0 + 2 * margin];
  const scale = longest / Math.max(spanU, spanV);
  const even = (x: number) => SAMPLES * Math.max(1, Math.ceil(x / SAMPLES));
  return { width: even(spanU * scale), height: even(spanV * scale), scale, left: u0 - margin, top: v0 - margin };
}

/** One triangle into the picture where it is nearer than what is there. */
function fill(
  i: number,
  j: number,
  k: number,
  u: Float64Array,
  v: Float64Array,
  w: Float64Array,
  colour: Vec,
  width: number,
  height: number,
  nearest: Float32Array,
  rgb: Uint8Array,
): void {
  const area = (u[j]! - u[i]!) * (v[k]! - v[i]!) - (u[k]! - u[i]!) * (v[j]! - v[i]!);
  if (area === 0) return;
  const x0 = Math.max(0, Math.floor(Math.min(u[i]!, u[j]!, u[k]!)));
  const x1 = Math.min(width - 1, Math.ceil(Math.max(u[i]!, u[j]!, u[k]!)));
  const y0 = Math.max(0, Math.floor(Math.min(v[i]!, v[j]!, v[k]!)));
  const y1 = Math.min(height - 1, Math.ceil(Math.max(v[i]!, v[j]!, v[k]!)));
  for (let y = y0; y <= y1; y++)
    for (let x = x0; x <= x1; x++) {
      const [px, py] = [x + 0.5, y + 0.5];
      const b1 = ((px - u[i]!) * (v[k]! - v[i]!) - (u[k]! - u[i]!) * (py - v[i]!)) / area;
      const b2 = ((u[j]! - u[i]!) * (py - v[i]!) - (px - u[i]!) * (v[j]! - v[i]!)) / area;
      if (b1 < -1e-9 || b2 < -1e-9 || b1 + b2 > 1 + 1e-9) continue;
      const depth = w[i]! + b1 * (w[j]! - w[i]!) + b2 * (w[k]! - w[i]!);
      const at = y * width + x;
      if (depth >= nearest[at]!) continue;
      nearest[at] = depth;
      for (let c = 0; c < 3; c++) rgb[3 * at + c] = Math.min(255, colour[c]!);
    }
}

/** Means of SAMPLES × SAMPLES pixels. */
function shrink({ width, height, rgb }: Picture): Picture {
  const [w, h] = [width / SAMPLES, height / SAMPLES];
  const out = new Uint8Array(3 * w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = 0; j < SAMPLES; j++) for (let i = 0; i < SAMPLES; i++) sum += rgb[3 * ((y * SAMPLES + j) * width + x * SAMPLES + i) + c]!;
        out[3 * (y * w + x) + c] = sum / SAMPLES ** 2;
      }
  return { width: w, height: h, rgb: out };
}

const EMPTY = [236, 236, 232] as const;

/**
 * Voxels from straight above, north up: the colour of the highest in each column.
 *
 * @param pixels the picture is enlarged by whole steps up to this edge
 * @param frame cells along x and y from the lattice's corner that it shows, whatever is empty in them; without it as far as there are voxels
 */
export function topPicture(voxels: Voxels, pixels = 512, frame?: readonly [number, number]): Picture {
  const { coords, rgb } = voxels;
  const { min, max } = frame ? { min: [0, 0] as const, max: frame } : extentOf(voxels);
  const [width, height] = [Math.max(1, max[0] - min[0]), Math.max(1, max[1] - min[1])];
  const highest = new Int32Array(width * height).fill(-1);
  for (let i = 0; i < coords.length / 3; i++) {
    const at = (max[1] - 1 - coords[3 * i + 1]!) * width + coords[3 * i]! - min[0];
    if (highest[at]! < 0 || coords[3 * i + 2]! > coords[3 * highest[at]! + 2]!) highest[at] = i;
  }
  const out = new Uint8Array(3 * width * height);
  for (const [at, i] of highest.entries()) out.set(i < 0 ? EMPTY : rgb.subarray(3 * i, 3 * i + 3), 3 * at);
  return enlarge({ width, height, rgb: out }, Math.max(1, Math.floor(pixels / Math.max(width, height))));
}
