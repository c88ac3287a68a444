/** Samples of hash grids, small networks, rays and what they see. */
import { noGrad, ops, Tensor } from "../../ffi";
import { data, index, leaf, positive, type Samples } from "./sample";

const e = ops.earthcraft;
const RESOLUTIONS = [4, 7, 13, 30];
const ROWS = 125 + 512 + 2 * 1024;

/** Rays from about a cube of 4 m, into it and past it; the grid has two cascades, a third of whose cells are set. */
function march() {
  const bits = index(256, (2 * 16 ** 3) / 8);
  return e.marchRays(
    data(300, 3).mul(2),
    data(300, 3),
    bits.to("u8"),
    16,
    2,
    [0.3, -0.2, 0.1],
    2,
    0.07,
    0.02,
    0.1,
    9,
    100,
    data(300).abs().clamp(0, 0.9),
  );
}

export const hashgrid: Samples = {
  "earthcraft::composite": () => {
    const starts = Tensor.from([0, 0, 1, 70, 400, 900], [6], { dtype: "i64" });
    return e.composite(positive(900), leaf(900, 3), data(900).abs().mul(0.1), data(900).abs(), starts);
  },
  "earthcraft::fused_mlp": () => e.fusedMlp(leaf(700, 19), leaf(19 * 40 + 40 * 40 + 40 * 5).mul(0.2), [19, 40, 40, 5]),
  "earthcraft::hash_grid": () => e.hashGrid(positive(900, 3).sub(0.5), leaf(ROWS, 2), RESOLUTIONS, 10),
  "earthcraft::march_rays": march,
  "earthcraft::occupancy_points": () => e.occupancyPoints(index(2 * 16 ** 3, 500), data(500, 3).abs().clamp(0, 0.9), 16, 2),
  "earthcraft::occupancy_update_": () => {
    const [densities, bits] = [data(2 * 16 ** 3), Tensor.zeros([(2 * 16 ** 3) / 8], { dtype: "u8" })];
    e.occupancyUpdate_(densities, bits, index(2 * 16 ** 3, 3000), data(3000), 0.95, 2);
    return [densities, bits];
  },
  "earthcraft::sh_encode": () => e.shEncode(leaf(900, 3)),
  "earthcraft::sparse_adam_": () =>
    noGrad(() => {
      const [param, mean, square] = [data(700, 2), data(700, 2), data(700, 2).abs()];
      const gradient = data(700, 2);
      const touched = gradient.mul(gradient.gt(0.5).to("f32"));
      e.sparseAdam_(param, touched, mean, square, { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-15, step: 3 });
      return [param, mean, square];
    }),
};
