/** A ball of radius 1 by marching cubes, an eighth flatter along z: closed, Euler number 2. */
import { ops } from "../ffi";
import { type Mesh, marchingCubes } from "../ffi/mesh";

/** Of n³ values over [−1.2, 1.2]³. */
export function ball(n: number): Mesh {
  const line = (axis: number) => ops.aten.linspace(-1.2, 1.2, n).reshape([0, 1, 2].map((other) => (other === axis ? n : 1)));
  const [x, y, z] = [line(0), line(1), line(2).mul(8 / 7)];
  const spacing = 2.4 / (n - 1);
  const values = x.mul(x).add(y.mul(y)).add(z.mul(z)).sqrt().neg().add(1).contiguous();
  return marchingCubes(values, { level: 0.00137, spacing: [spacing, spacing, spacing], origin: [-1.2, -1.2, -1.2] });
}
