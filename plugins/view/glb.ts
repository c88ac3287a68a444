/** The surface of voxels as a binary glTF with vertex colours: y up (east, up, −north), metres. */
import { Document, NodeIO, type TypedArray } from "@gltf-transform/core";
import type { Georeference } from "../earth/api";
import { voxelSurface } from "./voxel-surface";
import type { Voxels } from "./voxels";

const OPAQUE = 65_535;

/** glTF's vertex colours are linear; 16 bits, because 8 linear ones show bands in the shadows. */
const LINEAR = Uint16Array.from({ length: 256 }, (_, i) => {
  const c = i / 255;
  return Math.round(OPAQUE * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
});

/**
 * @param georeference goes into the scene's extras, its attribution into the asset's copyright
 */
export async function encodeGlb(voxels: Voxels, georeference?: Georeference): Promise<Uint8Array> {
  const { positions, voxel } = voxelSurface(voxels);
  const quads = voxel.length;
  const yUp = new Float32Array(positions.length);
  for (let i = 0; i < positions.length; i += 3) {
    yUp[i] = positions[i]!;
    yUp[i + 1] = positions[i + 2]!;
    yUp[i + 2] = -positions[i + 1]!;
  }
  const colours = new Uint16Array(16 * quads);
  const indices = new Uint32Array(6 * quads);
  for (let q = 0; q < quads; q++) {
    const rgb = voxels.rgb.subarray(3 * voxel[q]!, 3 * voxel[q]! + 3);
    for (let corner = 0; corner < 4; corner++) colours.set([LINEAR[rgb[0]!]!, LINEAR[rgb[1]!]!, LINEAR[rgb[2]!]!, OPAQUE], 16 * q + 4 * corner);
    indices.set([4 * q, 4 * q + 1, 4 * q + 2, 4 * q, 4 * q + 2, 4 * q + 3], 6 * q);
  }

  const document = new Document();
  const buffer = document.createBuffer();
  const accessor = (type: "VEC3" | "VEC4" | "SCALAR", array: TypedArray, normalized = false) =>
    document.createAccessor().setType(type).setArray(array).setNormalized(normalized).setBuffer(buffer);
  const material = document.createMaterial("voxels").setRoughnessFactor(1).setMetallicFactor(0);
  const primitive = document
    .createPrimitive()
    .setAttribute("POSITION", accessor("VEC3", yUp))
    .setAttribute("COLOR_0", accessor("VEC4", colours, true))
    .setIndices(accessor("SCALAR", indices))
    .setMaterial(material);
  const node = document.createNode("voxels").setMesh(document.createMesh("voxels").addPrimitive(primitive));
  const scene = document.createScene().addChild(node);
  const asset = document.getRoot().getAsset();
  asset.generator = "earthcraft";
  if (georeference) {
    scene.setExtras({ georeference });
    asset.copyright = georeference.attribution.join("; ");
  }
  return new NodeIO().writeBinary(document);
}
