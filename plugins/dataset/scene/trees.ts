/** Woods as a raised canopy, single trees as low-poly crowns. */
import { hash01, smoothNoise } from "../noise";
import { metres } from "./buildings";
import type { Canvas, XY } from "./canvas";
import { type Field, heightAt } from "./ground";
import { featureStyle } from "./look";
import type { MeshBuilder, RGB } from "./mesh";
import type { SiteFeatures } from "./site-features";

const WOODLAND = 2;
/** What rises less than this above the terrain is no canopy. */
const LOWEST_CANOPY_M = 2;

export interface Tree {
  at: XY;
  key: number;
  height_m: number;
  needles: boolean;
}

/** Trees of the map: single ones, and rows with one each 8 m. Those in woods are part of the canopy. */
export function collectTrees(features: SiteFeatures, canvas: Canvas, built: Uint8Array): Tree[] {
  const trees: Tree[] = [];
  const plant = (at: XY, tags: Readonly<Record<string, string>>, key: number) => {
    const i = canvas.indexAt(at[0], at[1]);
    if (i < 0 || canvas.classes[i] === WOODLAND || canvas.classes[i] === 8 || built[i]) return;
    const height = metres(tags.height) ?? 6 + 5 * hash01(key, 0, 61);
    trees.push({ at, key, height_m: Math.min(40, Math.max(3, height)), needles: tags.leaf_type === "needleleaved" });
  };
  for (const { at, tags, key } of features.points) if (tags.natural === "tree") plant(at, tags, key);
  for (const { points, tags, key } of features.lines) {
    let count = 0;
    if (tags.natural !== "tree_row") continue;
    let left = 0;
    for (let i = 0; i + 1 < points.length; i++) {
      const [a, b] = [points[i]!, points[i + 1]!];
      const d = Math.hypot(b[0] - a[0], b[1] - a[1]);
      for (; left < d; left += 8) plant([a[0] + ((b[0] - a[0]) * left) / d, a[1] + ((b[1] - a[1]) * left) / d], tags, key + count++);
      left -= d;
    }
  }
  return trees;
}

/**
 * Height of the canopy above the ground at every node, 0 outside woods: from the surface model where there is one, else drawn smooth at 40 m.
 * @param rise surface − terrain
 */
export function canopyHeights(ground: Field, isWood: (node: number) => boolean, rise: Field | undefined): Float32Array {
  const canopy = new Float32Array(ground.z.length);
  const side = ground.n + 1;
  for (let i = 0; i < canopy.length; i++) {
    if (!isWood(i)) continue;
    const [x, y] = [(i % side) * ground.cell_m - ground.half_m, Math.floor(i / side) * ground.cell_m - ground.half_m];
    const measured = rise?.z[i] ?? Number.NaN;
    canopy[i] = measured >= LOWEST_CANOPY_M ? Math.min(60, measured) : 11 + 3 * smoothNoise(x, y, 40, 62);
  }
  return canopy;
}

/** Marks squares as woods where the surface model rises above the terrain outside buildings, water and roads. */
export function paintCanopy(canvas: Canvas, built: Uint8Array, rise: Field, landClass: number, byDefault: Uint8Array): void {
  const style = canvas.addStyle(featureStyle(landClass, {}, 17));
  const keep = new Set([4, 5, 8, 10, 11, 16, 17, 19, 20, 22, 23, 24, 25, landClass]);
  const clear = Math.max(1, Math.round(2 / canvas.step_m)); // walls blur over a metre or two in a surface model
  for (let i = 0; i < built.length; i++) {
    if (keep.has(canvas.classes[i]!)) continue;
    const [c, r] = [i % canvas.n, Math.floor(i / canvas.n)];
    if (!(heightAt(rise, canvas.centre(c), canvas.centre(r)) >= LOWEST_CANOPY_M)) continue;
    let besideBuilding = false;
    for (let rr = Math.max(0, r - clear); rr <= Math.min(canvas.n - 1, r + clear) && !besideBuilding; rr++)
      for (let cc = Math.max(0, c - clear); cc <= Math.min(canvas.n - 1, c + clear); cc++) if (built[rr * canvas.n + cc]) besideBuilding = true;
    if (besideBuilding) continue;
    canvas.classes[i] = landClass;
    canvas.style[i] = style;
    byDefault[i] = 0;
  }
}

const SIDES = 6;

/** A crown: two rings between a foot and a top, 24 faces. */
export function buildTree(mesh: MeshBuilder, ground: Field, { at: [x, y], key, height_m, needles }: Tree): void {
  const radius = (needles ? 0.2 : 0.33) * height_m * (0.85 + 0.3 * hash01(key, 1, 63));
  const base = heightAt(ground, x, y);
  const [r, g, b] = featureStyle(WOODLAND, {}, key).rgb;
  const tone = 1.25 + 0.5 * (hash01(key, 2, 63) - 0.5);
  const shade = (light: number): RGB => [r * light * tone, g * light * tone, b * light * tone];
  const profile = needles
    ? ([
        [0.12, 1],
        [0.5, 0.62],
      ] as const)
    : ([
        [0.35, 0.85],
        [0.68, 1],
      ] as const);
  const ring = ([level, width]: readonly [number, number], light: number, turn: number) =>
    Array.from({ length: SIDES }, (_, k) => {
      const angle = ((k + turn) * 2 * Math.PI) / SIDES;
      const uneven = light * (0.9 + 0.2 * hash01(key, 10 + k, 63));
      return mesh.vertex(x + radius * width * Math.cos(angle), y + radius * width * Math.sin(angle), base + level * height_m, shade(uneven));
    });
  const foot = mesh.vertex(x, y, base + (needles ? 0.05 : 0.1) * height_m, shade(0.6));
  const low = ring(profile[0], 0.8, 0);
  const high = ring(profile[1], 1.05, 0.5);
  const top = mesh.vertex(x, y, base + height_m, shade(1.2));
  for (let k = 0; k < SIDES; k++) {
    const next = (k + 1) % SIDES;
    mesh.triangle(foot, low[next]!, low[k]!, WOODLAND);
    mesh.triangle(low[k]!, low[next]!, high[k]!, WOODLAND);
    mesh.triangle(low[next]!, high[next]!, high[k]!, WOODLAND);
    mesh.triangle(high[k]!, high[next]!, top, WOODLAND);
  }
}
