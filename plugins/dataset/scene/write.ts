/** A scene on disk: `mesh.safetensors` and `scene.json`. */
import { join } from "node:path";
import type { SceneMesh } from "./mesh";
import type { Scene } from "./scene";

const DTYPES = { Float32Array: "F32", Int32Array: "I32", Uint8Array: "U8" } as const;

export async function writeScene(scene: Scene, folder: string): Promise<void> {
  await Bun.write(join(folder, "mesh.safetensors"), meshBytes(scene.mesh));
  await Bun.write(join(folder, "scene.json"), `${JSON.stringify(scene.info)}\n`);
}

/** The mesh by the safetensors format: header length, JSON header, data. */
function meshBytes(mesh: SceneMesh): Uint8Array {
  const v = mesh.vertices.length / 3;
  const f = mesh.faceClass.length;
  const tensors: [string, Float32Array | Int32Array | Uint8Array, number[]][] = [
    ["vertices", mesh.vertices, [v, 3]],
    ["faces", mesh.faces, [f, 3]],
    ["face_class", mesh.faceClass, [f]],
    ["vertex_color", mesh.vertexColor, [v, 3]],
  ];
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "earthcraft scene 1" } };
  for (const [name, data, shape] of tensors) {
    header[name] = { dtype: DTYPES[data.constructor.name as keyof typeof DTYPES], shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  head.set(text);
  const bytes = new Uint8Array(8 + head.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const [, data] of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
