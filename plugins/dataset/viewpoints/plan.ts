/** From a scene to its cameras. Deterministic: no random number is drawn. */

import type { Georeference } from "../../earth/api";
import { intrinsicsFromFov, lookAt } from "../../earth/api";
import { matrixRows, type Transforms } from "../capture/transforms";
import { SITE_M } from "../place/sites";
import { type ClearViewpoint, clearViewpoints, type Roads } from "./clearance";
import type { ViewpointOptions } from "./options";
import { adaLevelPose, buildingPose, type TallestBuilding, topPose } from "./patterns";
import type { SurfaceGrid } from "./surface-grid";

/** What the planner wants to know of a scene besides its mesh. */
export interface PlanScene {
  buildings: readonly { height_m: number; footprint: readonly (readonly [number, number])[] }[];
  roads: Roads;
}

export function planViewpoints(scene: PlanScene, surface: SurfaceGrid, options: ViewpointOptions): ClearViewpoint[] {
  const mean_m = surface.meanGround(500);
  const ground = (x: number, y: number): number => {
    const z = surface.groundAt(x, y);
    return Number.isNaN(z) ? mean_m : z;
  };
  const tallest = tallestBuilding(scene, ground);
  const { top, building, adalevel, clearance } = options;
  const planned = [
    ...topPose({ height_m: top.height_m, outer_m: top.outer_m, inner_m: top.inner_m, perSquare: top.per_square, extent_m: SITE_M }, ground, mean_m),
    ...(tallest ? buildingPose({ layers: building.layers, perLayer: building.per_layer }, tallest) : []),
    ...adaLevelPose(
      {
        lowest_m: adalevel.lowest_m,
        aboveTallest_m: adalevel.above_tallest_m,
        levels: adalevel.levels,
        perSquare: adalevel.per_square,
        outer_m: adalevel.outer_m,
        inner_m: adalevel.inner_m,
      },
      ground,
      tallest?.height_m ?? 0,
    ),
  ];
  return clearViewpoints(planned, surface, scene.roads, clearance);
}

/** The highest building with its middle in the scene; the first of equals. */
function tallestBuilding(scene: PlanScene, ground: (x: number, y: number) => number): TallestBuilding | undefined {
  let best: TallestBuilding | undefined;
  for (const { height_m, footprint } of scene.buildings) {
    if (footprint.length < 3 || (best && height_m <= best.height_m)) continue;
    const x = footprint.reduce((sum, p) => sum + p[0], 0) / footprint.length;
    const y = footprint.reduce((sum, p) => sum + p[1], 0) / footprint.length;
    if (Math.abs(x) > SITE_M / 2 || Math.abs(y) > SITE_M / 2) continue;
    best = { footprint, base_m: ground(x, y), height_m };
  }
  return best;
}

export function toTransforms(views: readonly ClearViewpoint[], image: ViewpointOptions["image"], georeference?: Georeference): Transforms {
  const { fx, fy, cx, cy } = intrinsicsFromFov((image.fov_y_deg * Math.PI) / 180, image.width, image.height);
  return {
    camera_model: "PINHOLE",
    fl_x: fx,
    fl_y: fy,
    cx,
    cy,
    w: image.width,
    h: image.height,
    depth_unit_scale_factor: 1,
    frames: views.map((view, i) => ({
      file_path: `images/${String(i).padStart(4, "0")}.png`,
      transform_matrix: matrixRows(lookAt(view.position, view.target)),
      pattern: view.pattern,
      level: view.level,
      moved: view.moved,
    })),
    ...(georeference ? { georeference } : {}),
  };
}
