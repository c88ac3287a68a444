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

/** The structural half's products. */
export interface Structure {
  /** Cells at L/8 that ClassSFM found, [N, 3]; absent where a later product was given. */
  coarse?: Int32Array;
  /** Cells at L/8 after refinement, feats [N, 32]. */
  latents?: SparseTensor;
  /** int32 [N, 4] at L. */
  coords: Tensor;
}

export interface Scene extends Omit<Structure, "coords"> {
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
  return textured(models, request, sampleStructure(models, request));
}

/** From the condition to voxels. The caller's scope owns what comes back. */
export function sampleStructure(models: StructureModels, request: SceneRequest): Structure {
  const { given } = request;
  if (given?.voxels) return { coords: given.voxels };
  const options = request.structure;
  const structure = { conditions: request.condition.structure, seed: request.seed, options, known: request.known?.structure };
  const coarse = given?.latents ? undefined : (given?.coarse ?? coarseCells(models, { ...structure, onStep: stepsOf(request, "coarse cells") }));
  const latents = given?.latents ?? refinedLatents(models, coarse!, { ...structure, onStep: stepsOf(request, "latents") });
  return { ...(coarse && { coarse }), latents, coords: decodedVoxels(models, latents, options, structure.known) };
}

/** From voxels to splats. The caller's scope owns what comes back. */
export function textured(models: PipelineModels, request: SceneRequest, { coords, ...structure }: Structure): Scene {
  if (coords.shape[0] === 0)
    return {
      ...structure,
      texture: SparseTensor.of(coords, emptyRows(models.mean.length)),
      splats: emptyRows(models.texvae.decoder.head.output.weight.shape[0]!),
    };
  const texture = texturedVoxels(models, coords, {
    conditions: request.condition.texture(cellsOf(coords)),
    seed: request.seed,
    options: request.texture,
    known: request.known?.texture,
    onStep: stepsOf(request, "texture"),
  });
  return { ...structure, texture, splats: decodedSplats(models, texture) };
}

/** A flow's steps among those of all three. */
function stepsOf({ structure, texture, onStep }: SceneRequest, what: "coarse cells" | "latents" | "texture"): (done: number) => void {
  const [coarse, latents] = [structure.flow.steps, structure.latentFlow.steps];
  const before = { "coarse cells": 0, latents: coarse, texture: coarse + latents }[what];
  return (done) => onStep?.(before + done, coarse + latents + texture.flow.steps, what);
}

/** [N, 3] of int32 [N, 4]. */
export function cellsOf(coords_N4: Tensor): Int32Array {
  return coords_N4.narrow(1, 1, 3).contiguous().toArray() as Int32Array;
}

function emptyRows(channels: number): Tensor {
  return Tensor.zeros([0, channels]);
}
