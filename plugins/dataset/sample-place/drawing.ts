/** What the generator draws before it becomes OpenStreetMap data: features in plan coordinates. */
import type { XY } from "./valley";

export type Tags = Record<string, string>;

export interface Drawing {
  points: { at: XY; tags: Tags }[];
  lines: { points: XY[]; tags: Tags }[];
  /** Rings without the repeated first point. `inner` makes a multipolygon. */
  areas: { outer: XY[]; inner: XY[][]; tags: Tags }[];
  /** Every building is an area of the map too; its height goes to the footprint file. */
  buildings: { ring: XY[]; height_m: number; tags: Tags }[];
}

export const emptyDrawing = (): Drawing => ({ points: [], lines: [], areas: [], buildings: [] });

export function area(drawing: Drawing, outer: XY[], tags: Tags, inner: XY[][] = []): void {
  drawing.areas.push({ outer, inner, tags });
}
