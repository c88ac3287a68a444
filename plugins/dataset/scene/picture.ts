/** Looks straight down on a scene's mesh: height, class and colour pictures, north up. */
import sharp from "sharp";
import { CLASSES } from "../../earth/api";
import type { SceneMesh } from "./mesh";

export interface TopDown {
  /** Pixels along an edge; row 0 in the north. */
  size: number;
  /** Height of the highest face in each pixel, NaN where there is none. */
  height: Float32Array;
  classes: Uint8Array;
  rgb: Uint8Array;
}

/** From the south-east, 45° up: gives the pictures relief. The scene's own colours hold no light. */
const SUN = [0.5, -0.5, Math.SQRT1_2] as const;

/** Draws every triangle with a depth test, in parallel rays from above. */
export function lookDown(mesh: SceneMesh, half_m: number, size: number): TopDown {
  const { vertices, faces, faceClass, vertexColor } = mesh;
  const height = new Float32Array(size * size).fill(Number.NaN);
  const classes = new Uint8Array(size * size);
  const rgb = new Uint8Array(3 * size * size);
  const scale = size / (2 * half_m);
  for (let f = 0; f < faceClass.length; f++) {
    const [a, b, c] = [3 * faces[3 * f]!, 3 * faces[3 * f + 1]!, 3 * faces[3 * f + 2]!];
    const [ax, ay, bx, by, cx, cy] = [vertices[a]!, vertices[a + 1]!, vertices[b]!, vertices[b + 1]!, vertices[c]!, vertices[c + 1]!];
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area <= 1e-9) continue; // seen from below or from the side
    const [ux, uy, uz] = [bx - ax, by - ay, vertices[b + 2]! - vertices[a + 2]!];
    const [vx, vy, vz] = [cx - ax, cy - ay, vertices[c + 2]! - vertices[a + 2]!];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, area];
    const light = 0.5 + (0.5 * Math.max(0, nx * SUN[0] + ny * SUN[1] + nz * SUN[2])) / Math.hypot(nx, ny, nz) / SUN[2];
    const left = Math.max(0, Math.ceil((Math.min(ax, bx, cx) + half_m) * scale - 0.5));
    const right = Math.min(size - 1, Math.floor((Math.max(ax, bx, cx) + half_m) * scale - 0.5));
    const top = Math.max(0, Math.ceil((half_m - Math.max(ay, by, cy)) * scale - 0.5));
    const bottom = Math.min(size - 1, Math.floor((half_m - Math.min(ay, by, cy)) * scale - 0.5));
    for (let row = top; row <= bottom; row++)
      for (let column = left; column <= right; column++) {
        const [x, y] = [(column + 0.5) / scale - half_m, half_m - (row + 0.5) / scale];
        const u = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area;
        const v = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area;
        if (u < -1e-9 || v < -1e-9 || u + v > 1 + 1e-9) continue;
        const z = vertices[a + 2]! * (1 - u - v) + vertices[b + 2]! * u + vertices[c + 2]! * v;
        const i = row * size + column;
        if (z <= height[i]!) continue; // NaN compares false
        height[i] = z;
        classes[i] = faceClass[f]!;
        for (let k = 0; k < 3; k++)
          rgb[3 * i + k] = Math.min(255, light * (vertexColor[a + k]! * (1 - u - v) + vertexColor[b + k]! * u + vertexColor[c + k]! * v));
      }
  }
  return { size, height, classes, rgb };
}

/** Writes `top-color.png`, `top-class.png` and `top-height.png` (light = high). */
export async function writeTopDown(view: TopDown, folder: string): Promise<string[]> {
  const { size } = view;
  let [low, high] = [Infinity, -Infinity];
  for (const z of view.height) if (!Number.isNaN(z)) [low, high] = [Math.min(low, z), Math.max(high, z)];
  const heights = Uint8Array.from(view.height, (z) => (Number.isNaN(z) ? 0 : 20 + (235 * (z - low)) / Math.max(1e-6, high - low)));
  const classes = new Uint8Array(3 * size * size);
  for (let i = 0; i < view.classes.length; i++) classes.set(CLASSES[view.classes[i]!]!.rgb, 3 * i);
  const save = (pixels: Uint8Array, channels: 1 | 3, name: string) =>
    sharp(pixels, { raw: { width: size, height: size, channels } })
      .png({ compressionLevel: 6 })
      .toFile(`${folder}/${name}`);
  await Promise.all([save(view.rgb, 3, "top-color.png"), save(classes, 3, "top-class.png"), save(heights, 1, "top-height.png")]);
  return ["top-color.png", "top-class.png", "top-height.png"];
}
