/**
 * Five models in a row (Figure 3c): condition → ClassSFM → LatentSFM → StructVAE decoder → TexFM → TexVAE decoder. Any product may be given instead of made: `--voxels FILE` is texture for a given
 * geometry.
 */
import { Tensor } from "../../ffi";
import { SparseTensor } from "../../ffi/sparse";
import type { GuidedBy } from "../models/api";
import type { StructureOptions, TextureOptions } from "./options";
import { coarseCells, decodedVoxels, type KnownStructure, refinedLatents, type StructureModels } from "./structure";
import { decodedSplats, type KnownTexture, type TextureModels, texturedVoxels } from "./texture";

export interface PipelineModels extends StructureModels, TextureModels {}

/** What a condition says to the two halves; the texture half can only be asked once there are voxels to see. */
export interface SceneCondition {
  structure: GuidedBy;
  /** @param coords [N, 3] */
  texture(coords: Int32Array): { cond: SparseTensor; empty: SparseTensor };
}

export interface Scene {
  /** Cells at L/8 that ClassSFM found, [N, 3]; absent where a later product was given. */
  coarse?: Int32Array;
  /** Cells at L/8 after refinement, feats [N, 32]. */
  latents?: SparseTensor;
  /** Voxels at L with texture latents [N, 8]. */
  texture: SparseTensor;
  /** Raw splats [N, K·23]. */
  splats: Tensor;
}

export interface SceneRequest {
  condition: SceneCondition;
  seed: number;
  structure: StructureOptions;
  texture: TextureOptions;
  /** Products to start from; the latest in the chain wins. */
  given?: { coarse?: Int32Array; latents?: SparseTensor /** int32 [N, 4] */; voxels?: Tensor };
  known?: { structure: KnownStructure; texture: KnownTexture };
  /** Steps done over all flows. */
  onStep?: (done: number, total: number, what: string) => void;
}

/** The caller's scope owns what comes back. */
export function sampleScene(models: PipelineModels, request: SceneRequest): Scene {
  const { condition, seed, given, known } = request;
  const coarseSteps = request.structure.flow.steps;
  const structureSteps = coarseSteps + request.structure.latentFlow.steps;
  const total = structureSteps + request.texture.flow.steps;
  const steps = (before: number, what: string) => (done: number) => request.onStep?.(before + done, total, what);
  const structure = { conditions: condition.structure, seed, options: request.structure, known: known?.structure };

  const scene: Pick<Scene, "coarse" | "latents"> = {};
  let coords = given?.voxels;
  if (!coords) {
    scene.latents = given?.latents;
    if (!scene.latents) {
      scene.coarse = given?.coarse ?? coarseCells(models, { ...structure, onStep: steps(0, "coarse cells") });
      scene.latents = refinedLatents(models, scene.coarse, { ...structure, onStep: steps(coarseSteps, "latents") });
    }
    coords = decodedVoxels(models, scene.latents, request.structure, known?.structure);
  }
  if (coords.shape[0] === 0)
    return {
      ...scene,
      texture: SparseTensor.of(coords, emptyRows(models.mean.length)),
      splats: emptyRows(models.texvae.decoder.head.output.weight.shape[0]!),
    };

  const texture = texturedVoxels(models, coords, {
    conditions: condition.texture(cellsOf(coords)),
    seed,
    options: request.texture,
    known: known?.texture,
    onStep: steps(structureSteps, "texture"),
  });
  return { ...scene, texture, splats: decodedSplats(models, texture) };
}

/** [N, 3] of int32 [N, 4]. */
export function cellsOf(coords_N4: Tensor): Int32Array {
  return coords_N4.narrow(1, 1, 3).contiguous().toArray() as Int32Array;
}

function emptyRows(channels: number): Tensor {
  return Tensor.zeros([0, channels]);
}
