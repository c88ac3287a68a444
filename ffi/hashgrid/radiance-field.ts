/**
 * A radiance field as InstantNGP has it (Müller et al. 2022, section 5.4): hash grid → density network → density and 15 more features, which with the
 * direction give the colour.
 */
import { grad, noGrad } from "../autograd";
import { Module } from "../nn";
import { Tensor } from "../tensor";
import { FusedMLP } from "./fused-mlp";
import { HashGrid, type HashGridOptions } from "./hash-grid";
import type { OccupancyGrid } from "./occupancy-grid";
import { composite, encodeDirections, type MarchOptions, marchRays, type Rays, type Rendered } from "./rays";

/** e^15: of what grows without end the exponential stays finite, and its gradient ends. */
const LOG_DENSITY_LIMIT = 15;

export interface RadianceFieldOptions {
  grid?: HashGridOptions;
  /** Edge of the cube that the field fills. */
  extent_m: number;
  /** Width of the hidden layers. Default 64. */
  hidden?: number;
  /** Hidden layers of the colour network. Default 2. */
  colorLayers?: number;
  /** What the density network gives, the density being the first. Default 16. */
  features?: number;
  /** Of spherical harmonics of the direction. Default 4. */
  degrees?: number;
}

export class RadianceField extends Module {
  readonly grid: HashGrid;
  readonly densityNet: FusedMLP;
  readonly colorNet: FusedMLP;
  readonly extent_m: number;
  readonly #degrees: number;

  constructor({ grid = {}, extent_m, hidden = 64, colorLayers = 2, features = 16, degrees = 4 }: RadianceFieldOptions) {
    super();
    this.extent_m = extent_m;
    this.#degrees = degrees;
    this.grid = new HashGrid(grid);
    this.densityNet = new FusedMLP({ inputs: this.grid.width, hidden, outputs: features });
    this.colorNet = new FusedMLP({ inputs: features + degrees ** 2, hidden, layers: colorLayers, outputs: 3 });
  }

  /**
   * @param positions f32 [S, 3] in the unit cube
   * @returns f32 [S], a metre
   */
  density(positions: Tensor): Tensor {
    return this.#activate(this.densityNet.forward(this.grid.forward(positions)));
  }

  /**
   * @param positions f32 [S, 3] in the unit cube
   * @param directions f32 [S, 3], unit vectors
   * @returns densities f32 [S], a metre, and colours f32 [S, 3] in (0, 1)
   */
  forward(positions: Tensor, directions: Tensor): { densities: Tensor; colors: Tensor } {
    const features = this.densityNet.forward(this.grid.forward(positions));
    const shown = Tensor.cat([encodeDirections(directions, this.#degrees).transpose(0, 1), features.transpose(0, 1)]).transpose(0, 1);
    return { densities: this.#activate(features), colors: this.colorNet.forward(shown).sigmoid() };
  }

  #activate(features: Tensor): Tensor {
    return features.select(1, 0).clamp(null, LOG_DENSITY_LIMIT).exp().div(this.extent_m);
  }

  /**
   * Directions in which the density falls fastest: out of what is there.
   * @param positions f32 [S, 3] in the unit cube
   * @returns f32 [S, 3] of length 1, or 0 where the density does not change
   */
  normals(positions: Tensor): Tensor {
    const at = positions.detach().requiresGrad_();
    const [slope] = grad([this.density(at)], [at], [Tensor.ones([at.size(0)], { device: at.device })]);
    return noGrad(() => slope!.neg().div(slope!.pow(2).sum(1, true).sqrt().clamp(1e-20)));
  }

  /** What rays see through the occupied cells of a grid of the same extent. */
  render(rays: Rays, occupancy: OccupancyGrid, options: MarchOptions): Rendered & { samples: number } {
    const samples = noGrad(() => marchRays(rays, occupancy, options));
    const directions = noGrad(() => unit(rays.directions).indexSelect(0, samples.rays));
    const { densities, colors } = this.forward(samples.positions, directions);
    return { ...composite(samples, densities, colors), samples: samples.positions.size(0) };
  }
}

const unit = (directions: Tensor) => directions.div(directions.pow(2).sum(1, true).sqrt().clamp(1e-20));
