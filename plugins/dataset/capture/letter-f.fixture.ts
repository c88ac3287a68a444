/**
 * A scene that cannot be mistaken for its mirror image: a letter F of road on grass, its stem to the north, its arms to the east, and one building in the south-east.
 */
import { Tensor } from "../../../ffi";
import { classId } from "../../earth/api";
import type { RenderMesh } from "./render";

const [ROAD, GRASS, BUILDING] = [classId("Road"), classId("Grassland"), classId("Building")];

/** Colours as the surface has them, before light. */
export const PAINT: Record<"road" | "grass" | "roof", readonly [number, number, number]> = {
  road: [0.8, 0.2, 0.2],
  grass: [0.2, 0.5, 0.1],
  roof: [0.2, 0.2, 0.9],
};

/** Whether a point of the ground is part of the F: stem x −120…−80, y −160…160; upper arm to x = 120, middle arm to x = 40. */
export function isLetter(x: number, y: number): boolean {
  const stem = x > -120 && x < -80 && Math.abs(y) < 160;
  const upper = x > -120 && x < 120 && y > 120 && y < 160;
  const middle = x > -120 && x < 40 && y > -20 && y < 20;
  return stem || upper || middle;
}

/** The building: x 160…200, y −200…−160, 30 m high. */
export const ROOF = { west: 160, east: 200, south: -200, north: -160, height_m: 30 } as const;

export interface LetterF {
  vertices: Float32Array;
  faces: Int32Array;
  faceClass: Uint8Array;
  /** [V, 3] in [0, 1]. */
  color: Float32Array;
}

/** Ground of 400 m half-width in squares of `cell_m`, each with corners of its own so that colours end at its border. */
export function letterF(cell_m = 20, ground: (x: number, y: number) => number = () => 0): LetterF {
  const [vertices, faces, faceClass, color]: [number[], number[], number[], number[]] = [[], [], [], []];
  const quad = (corners: readonly (readonly [number, number, number])[], landClass: number, rgb: readonly number[]) => {
    const first = vertices.length / 3;
    for (const corner of corners) {
      vertices.push(...corner);
      color.push(...rgb);
    }
    faces.push(first, first + 1, first + 2, first, first + 2, first + 3);
    faceClass.push(landClass, landClass);
  };
  for (let y = -400; y < 400; y += cell_m)
    for (let x = -400; x < 400; x += cell_m) {
      const letter = isLetter(x + cell_m / 2, y + cell_m / 2);
      const at = (px: number, py: number) => [px, py, ground(px, py)] as const;
      quad([at(x, y), at(x + cell_m, y), at(x + cell_m, y + cell_m), at(x, y + cell_m)], letter ? ROAD : GRASS, letter ? PAINT.road : PAINT.grass);
    }
  const { west, east, south, north, height_m: top } = ROOF;
  quad(
    [
      [west, south, top],
      [east, south, top],
      [east, north, top],
      [west, north, top],
    ],
    BUILDING,
    PAINT.roof,
  );
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ] as const;
  for (let i = 0; i < 4; i++) {
    const [[ax, ay], [bx, by]] = [corners[i]!, corners[(i + 1) % 4]!];
    quad(
      [
        [ax, ay, 0],
        [bx, by, 0],
        [bx, by, top],
        [ax, ay, top],
      ],
      BUILDING,
      PAINT.roof,
    );
  }
  return {
    vertices: Float32Array.from(vertices),
    faces: Int32Array.from(faces),
    faceClass: Uint8Array.from(faceClass),
    color: Float32Array.from(color),
  };
}

export function letterFTensors(scene: LetterF): RenderMesh {
  return {
    vertices: Tensor.from(scene.vertices, [scene.vertices.length / 3, 3]),
    faces: Tensor.from(scene.faces, [scene.faces.length / 3, 3]),
    faceClass: Tensor.from(scene.faceClass),
    color: { of: "vertex", rgb: Tensor.from(scene.color, [scene.color.length / 3, 3]) },
  };
}
