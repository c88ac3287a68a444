/** A scene on disk: `mesh.safetensors` and `scene.json`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../../ffi/safetensors";
import type { Scene } from "./scene";

/** `vertices` f32 [V, 3], `faces` i32 [F, 3], `face_class` u8 [F], `vertex_color` u8 [V, 3]; `scene.json` is the `SceneInfo`. */
export function writeScene({ mesh, info }: Scene, folder: string): void {
  const [v, f] = [mesh.vertices.length / 3, mesh.faceClass.length];
  const tensors = new Map([
    ["vertices", { dtype: "f32", shape: [v, 3], data: mesh.vertices }],
    ["faces", { dtype: "i32", shape: [f, 3], data: mesh.faces }],
    ["face_class", { dtype: "u8", shape: [f], data: mesh.faceClass }],
    ["vertex_color", { dtype: "u8", shape: [v, 3], data: mesh.vertexColor }],
  ] as const);
  writeSafetensors(join(folder, "mesh.safetensors"), tensors, { format: "earthcraft/scene@1" });
  writeFileSync(join(folder, "scene.json"), `${JSON.stringify(info)}\n`);
}
