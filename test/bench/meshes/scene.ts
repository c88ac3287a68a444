/** The mesh and the cameras of these comparisons. */

import { Tensor } from "../../../ffi";
import type { Mesh, Views } from "../../../ffi/mesh";
import { lookAt } from "../../look-at";

/** Hills over 600 × 600 m, n corners an edge. */
export function hills(n: number): Mesh {
  const vertices = new Float32Array(3 * n * n);
  const faces = new Int32Array(6 * (n - 1) ** 2);
  let to = 0;
  for (let i = 0; i < n; ++i)
    for (let j = 0; j < n; ++j) {
      const [x, y] = [(600 * i) / (n - 1) - 300, (600 * j) / (n - 1) - 300];
      vertices.set([x, y, 15 * Math.sin(x / 17) * Math.cos(y / 23)], 3 * (i * n + j));
      if (i + 1 === n || j + 1 === n) continue;
      const [a, b, c, d] = [i * n + j, (i + 1) * n + j, (i + 1) * n + j + 1, i * n + j + 1];
      faces.set([a, b, c, a, c, d], to);
      to += 6;
    }
  return { vertices: Tensor.from(vertices, [n * n, 3]), faces: Tensor.from(faces, [faces.length / 3, 3]) };
}

/** Cameras on a circle, looking at the middle from above. */
export function ring(count: number, { width, height, focal }: { width: number; height: number; focal: number }): Views {
  const eyes = Array.from({ length: count }, (_, i) => {
    const turn = (2 * Math.PI * i) / count;
    return [250 * Math.cos(turn), 250 * Math.sin(turn), 200] as const;
  });
  const K = [focal, 0, width / 2, 0, focal, height / 2, 0, 0, 1];
  return {
    viewmats: Tensor.from(Float64Array.from(eyes.flatMap((eye) => lookAt(eye, [0, 0, 0]))), [count, 4, 4]),
    Ks: Tensor.from(Float64Array.from(eyes.flatMap(() => K)), [count, 3, 3]),
    width,
    height,
  };
}
