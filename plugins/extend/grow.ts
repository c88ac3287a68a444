/**
 * A scene that grows window by window (paper, "Infinite Scene Generation"; DESIGN §4 "Flow"): each window repeats, in all three flows and in the decoded voxels, what earlier windows made of the columns
 * they share, and adds the rest.
 *
 * Only the parts that a later window still touches are kept in memory; finished parts are handed to the caller as they come.
 */
import { ops, scope, Tensor } from "../../ffi";
import { SparseTensor } from "../../ffi/sparse";
import { openingStep, surfaceOf } from "../models/api";
import {
  cellsOf,
  type PipelineModels,
  type Scene,
  type SceneCondition,
  type SceneRequest,
  type Structure,
  sampleStructure,
  textured,
} from "../sample/api";
import { knownColumns, type Window, type WindowPlan } from "./windows";

/** What one window added, in the scene's cells: typed arrays, so that it outlives every scope. */
export interface Part {
  window: Window;
  /** int32 [N, 3] at L/8, and their latents [N, latentChannels]. */
  cells: Int32Array;
  latents: Float32Array;
  /** int32 [N, 3] at L, their texture latents [N, textureChannels] and raw splats [N, K·23]. */
  voxels: Int32Array;
  texture: Float32Array;
  splats: Float32Array;
}

export interface GrowRequest extends Omit<SceneRequest, "condition" | "known" | "given" | "onStep"> {
  plan: WindowPlan;
  /** Structures drawn for a window that joins others; the one whose ground steps least where it begins stays. */
  tries: number;
  /** The condition of one window, in its own coordinates. */
  conditionOf(window: Window): SceneCondition;
  onStep?: (done: number, total: number, what: string) => void;
}

/** Yields every window's part as soon as it is made, west to east, south to north. */
export function* growScene(models: PipelineModels, request: GrowRequest): Generator<Part> {
  const { plan } = request;
  let recent: Part[] = [];
  for (const index of plan.windows.keys()) {
    const part = scope(() => grow(models, request, index, recent));
    yield part;
    recent = [...recent, part].filter((earlier) => plan.windows.slice(index + 1).some((later) => touches(earlier.window, later, plan.edge)));
  }
}

function touches(a: Window, b: Window, edge: number): boolean {
  return [0, 1].every((axis) => Math.abs(a.origin[axis]! - b.origin[axis]!) < edge);
}

function grow(models: PipelineModels, request: GrowRequest, index: number, recent: readonly Part[]): Part {
  const { plan, structure, texture, onStep } = request;
  const window = plan.windows[index]!;
  const { edge } = plan;
  const columns = knownColumns(plan, index);
  const isKnown = columns.some((value) => value === 1);
  // knownColumns runs y-major, tensors by (x, y).
  const columns_LL = Tensor.from(columns, [edge, edge]).to("bool").transpose(0, 1).contiguous();
  const near = recent.filter((part) => touches(part.window, window, edge));
  const cells = gather(near, window, edge / 8, "cells", "latents", 8);
  const voxels = gather(near, window, edge, "voxels", "texture", 1);
  const scene = {
    condition: request.conditionOf(window),
    seed: window.seed,
    structure,
    texture,
    known: isKnown ? { structure: { columns_LL, cells, voxels }, texture: { columns_LL, voxels } } : undefined,
    onStep: (done: number, total: number, what: string) => onStep?.(index * total + done, plan.windows.length * total, what),
  };
  const tries = isKnown ? request.tries : 1;
  const structureSteps = structure.flow.steps + structure.latentFlow.steps;
  const drawn = Array.from({ length: tries }, (_, k) => {
    // All tries together count as the steps of one, so that progress never goes back.
    const onStep = (done: number, total: number, what: string) => scene.onStep(Math.floor((k * structureSteps + done) / tries), total, what);
    return sampleStructure(models, { ...scene, seed: window.seed + k, onStep });
  });
  return partOf(textured(models, scene, bestJoined(drawn, columns, edge)), window, columns_LL);
}

/** @param settled [edge · edge], x + edge·y */
function bestJoined(drawn: readonly Structure[], settled: Uint8Array, edge: number): Structure {
  // What there is nothing to choose from is not read back from its device.
  if (drawn.length === 1) return drawn[0]!;
  let best = { structure: drawn[0]!, step: Number.POSITIVE_INFINITY };
  for (const structure of drawn) {
    const cells = cellsOf(structure.coords);
    const step = openingStep(surfaceOf(cells, new Float32Array(cells.length), edge, edge), settled);
    if (step < best.step) best = { structure, step };
  }
  return best.structure;
}

/** Earlier parts' rows that lie in this window, in its coordinates. */
function gather(
  parts: readonly Part[],
  window: Window,
  edge: number,
  coordsOf: "cells" | "voxels",
  featsOf: "latents" | "texture",
  factor: number,
): SparseTensor {
  const channels = parts[0] ? parts[0][featsOf].length / Math.max(1, parts[0][coordsOf].length / 3) : 0;
  const pieces = parts.map((part) => {
    const n = part[coordsOf].length / 3;
    const xyz = Tensor.from(part[coordsOf], [n, 3]);
    const origin = Tensor.from(Int32Array.from([window.origin[0] / factor, window.origin[1] / factor, 0]), [1, 3]);
    const local = xyz.sub(origin);
    const plane = local.narrow(1, 0, 2);
    const inside = ops.aten.nonzero(plane.ge(0).logicalAnd(plane.lt(edge)).to("i32").sum(1).eq(2)).flatten();
    const feats = Tensor.from(part[featsOf], [n, n === 0 ? channels : part[featsOf].length / n]);
    return { coords: local.indexSelect(0, inside), feats: feats.indexSelect(0, inside) };
  });
  if (pieces.length === 0) return SparseTensor.of(Tensor.from(new Int32Array(0), [0, 4]), Tensor.from(new Float32Array(0), [0, channels]));
  const coords = ops.aten.cat(
    pieces.map((piece) => piece.coords),
    0,
  );
  const batch = ops.aten.zeros([coords.shape[0]!, 1], { dtype: "i32" });
  return SparseTensor.of(
    ops.aten.cat([batch, coords], 1),
    ops.aten.cat(
      pieces.map((piece) => piece.feats),
      0,
    ),
  );
}

/** The rows of a window's scene that lie in columns of its own, in the scene's cells. */
function partOf(scene: Scene, window: Window, known_LL: Tensor): Part {
  const own = (coords_N4: Tensor, factor: number) => {
    const edge = known_LL.shape[1]!;
    const x = coords_N4.select(1, 1).to("i64").mul(factor);
    const y = coords_N4.select(1, 2).to("i64").mul(factor);
    return ops.aten.nonzero(known_LL.flatten().indexSelect(0, x.mul(edge).add(y)).logicalNot()).flatten();
  };
  const shifted = (coords_N4: Tensor, rows: Tensor, factor: number) => {
    const origin = Tensor.from(Int32Array.from([window.origin[0] / factor, window.origin[1] / factor, 0]), [1, 3]);
    return coords_N4.narrow(1, 1, 3).indexSelect(0, rows).add(origin).toArray() as Int32Array;
  };
  const floats = (rows: Tensor, from: Tensor) => from.indexSelect(0, rows).toArray() as Float32Array;
  const cellRows = own(scene.latents!.coords, 8);
  const voxelRows = own(scene.texture.coords, 1);
  return {
    window,
    cells: shifted(scene.latents!.coords, cellRows, 8),
    latents: floats(cellRows, scene.latents!.feats),
    voxels: shifted(scene.texture.coords, voxelRows, 1),
    texture: floats(voxelRows, scene.texture.feats),
    splats: floats(voxelRows, scene.splats),
  };
}
