/** What the later stages read of a scene's folder: `scene.json` and `mesh.safetensors`. */
import { join } from "node:path";
import { z } from "zod";
import { Tensor } from "../../ffi";
import { openSafetensors } from "../../ffi/safetensors";
import { type Georeference, georeferenceSchema } from "../earth/api";
import type { RenderMesh } from "./capture/render";
import { isDriven } from "./scene/roads";
import type { PlanScene } from "./viewpoints/plan";
import type { SceneMesh } from "./viewpoints/surface-grid";

const point = z.array(z.number()).min(2);

const sceneSchema = georeferenceSchema.loose().extend({
  buildings: z.array(z.looseObject({ height_m: z.number(), footprint: z.array(point) })),
  roads: z.array(z.looseObject({ line: z.array(point), class: z.string() })),
});

export interface SceneRecord extends PlanScene {
  georeference: Georeference;
}

export async function readSceneRecord(dir: string): Promise<SceneRecord> {
  const scene = sceneSchema.parse(await Bun.file(join(dir, "scene.json")).json());
  const { origin, vertical, enu_to_ecef, attribution } = scene;
  const pair = (p: number[]): [number, number] => [p[0]!, p[1]!];
  return {
    georeference: { origin, vertical, enu_to_ecef, attribution },
    buildings: scene.buildings.map(({ height_m, footprint }) => ({ height_m, footprint: footprint.map(pair) })),
    roads: scene.roads.filter((road) => isDriven(road.class)).map(({ line }) => line.map(pair)),
  };
}

function readMesh(dir: string): SceneMesh & { vertexColor: Uint8Array } {
  const file = openSafetensors(join(dir, "mesh.safetensors"));
  return {
    vertices: file.float32("vertices"),
    faces: file.array("faces") as Int32Array,
    faceClass: file.array("face_class") as Uint8Array,
    vertexColor: file.array("vertex_color") as Uint8Array,
  };
}

export function readSceneMesh(dir: string): SceneMesh {
  return readMesh(dir);
}

/** The mesh as tensors, for rendering. */
export function readRenderMesh(dir: string): RenderMesh {
  const { vertices, faces, faceClass, vertexColor } = readMesh(dir);
  return {
    vertices: Tensor.from(vertices, [vertices.length / 3, 3]),
    faces: Tensor.from(faces, [faces.length / 3, 3]),
    faceClass: Tensor.from(faceClass),
    color: {
      of: "vertex",
      rgb: Tensor.from(vertexColor, [vertexColor.length / 3, 3])
        .to("f32")
        .div(255),
    },
  };
}
