/** Bridges: decks that run straight from one end's ground to the other's, where the ground falls away under them. */
import type { XY } from "./canvas";
import { type Field, heightAt } from "./ground";
import { featureStyle } from "./look";
import type { MeshBuilder, RGB } from "./mesh";

const BRIDGE = 16;
const THICK_M = 0.8;

export function buildBridges(mesh: MeshBuilder, ground: Field, bridges: readonly { points: XY[]; width_m: number; key: number }[]): void {
  for (const bridge of bridges) deck(mesh, ground, bridge);
}

function deck(mesh: MeshBuilder, ground: Field, { points, width_m, key }: { points: readonly XY[]; width_m: number; key: number }): void {
  const lengths = [0];
  for (let i = 1; i < points.length; i++)
    lengths.push(lengths[i - 1]! + Math.hypot(points[i]![0] - points[i - 1]![0], points[i]![1] - points[i - 1]![1]));
  const total = lengths[lengths.length - 1]!;
  if (total < 0.5) return;
  const ends = [
    heightAt(ground, points[0]![0], points[0]![1]),
    heightAt(ground, points[points.length - 1]![0], points[points.length - 1]![1]),
  ] as const;
  const { rgb } = featureStyle(BRIDGE, {}, key);
  const dark = rgb.map((v) => v * 0.55) as unknown as RGB;
  const rows = points.map(([x, y], i) => {
    const [a, b] = [points[Math.max(0, i - 1)]!, points[Math.min(points.length - 1, i + 1)]!];
    const d = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const [nx, ny] = [(-(b[1] - a[1]) / d) * (width_m / 2), ((b[0] - a[0]) / d) * (width_m / 2)]; // to the left
    const straight = ends[0] + ((ends[1] - ends[0]) * lengths[i]!) / total;
    const z = Math.max(straight, heightAt(ground, x, y)) + 0.25;
    const corner = (side: number, low: boolean) => mesh.vertex(x + side * nx, y + side * ny, low ? z - THICK_M : z, low ? dark : rgb);
    return { left: corner(1, false), right: corner(-1, false), lowLeft: corner(1, true), lowRight: corner(-1, true) };
  });
  for (let i = 0; i + 1 < rows.length; i++) {
    const [p, q] = [rows[i]!, rows[i + 1]!];
    mesh.quad(p.right, q.right, q.left, p.left, BRIDGE);
    mesh.quad(p.lowLeft, q.lowLeft, q.lowRight, p.lowRight, BRIDGE);
    mesh.quad(p.left, q.left, q.lowLeft, p.lowLeft, BRIDGE);
    mesh.quad(p.right, p.lowRight, q.lowRight, q.right, BRIDGE);
  }
}
