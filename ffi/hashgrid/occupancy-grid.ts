/**
 * Where there may be something: nested cubes of cells, each cascade twice as wide as the one inside it (Müller et al. 2022, appendix E.2).
 *
 * Cells are counted through all cascades, the innermost first, x fastest.
 */
import { Arena } from "../arena";
import { noGrad } from "../autograd";
import { ArgumentError } from "../errors";
import { ops } from "../ops.gen";
import { randint, uniform } from "../random";
import { scope } from "../scope";
import { Tensor } from "../tensor";

/** Points that the field is asked about in one go. */
const CHUNK = 1 << 17;

export interface OccupancyGridOptions {
  /** Cells an axis of every cascade, a multiple of 4; of 32, empty space is passed fastest. Default 128. */
  resolution?: number;
  /** Default 1. */
  cascades?: number;
  /** Default the origin. */
  centre?: readonly [number, number, number];
  /** Of the innermost cube. */
  edge_m: number;
}

export interface OccupancyUpdate {
  seed: number;
  /** Of the training: cells and points are drawn anew for each. */
  step: number;
  /** How many cells are looked at, half of them among the occupied; default all, each once. */
  cells?: number;
  /** What a density that nothing confirms is multiplied by. Default 0.95. */
  decay?: number;
  /** A cell is occupied whose density a metre is above this, or above the mean of all cells where that is less. */
  threshold: number;
}

export class OccupancyGrid {
  readonly resolution: number;
  readonly cascades: number;
  readonly centre: readonly [number, number, number];
  readonly edge_m: number;
  readonly #arena = new Arena("OccupancyGrid");
  /** f32 [cells], a metre. Write a negative one into a cell that no camera sees: it is never occupied. */
  readonly densities: Tensor;
  /** u8 [cells / 8]; all set at first. */
  readonly bits: Tensor;

  constructor({ resolution = 128, cascades = 1, centre = [0, 0, 0], edge_m }: OccupancyGridOptions) {
    this.resolution = resolution;
    this.cascades = cascades;
    this.centre = centre;
    this.edge_m = edge_m;
    if (!(resolution >= 4 && resolution % 4 === 0 && cascades >= 1 && edge_m > 0))
      throw new ArgumentError(`OccupancyGrid: ${cascades} cascades of ${resolution} cells an axis, edge ${edge_m} m`);
    this.densities = this.#arena.run(() => Tensor.zeros([this.cells]));
    this.bits = this.#arena.run(() => Tensor.full([this.cells / 8], 255, { dtype: "u8" }));
  }

  get cells(): number {
    return this.cascades * this.resolution ** 3;
  }

  /** Edge of the outermost cube, which the unit cube of positions stands for. */
  get extent_m(): number {
    return this.edge_m * 2 ** (this.cascades - 1);
  }

  /** @returns i64 [M], the cells whose bit is set */
  occupied(): Tensor {
    return scope(() => {
      const places = Tensor.from([1, 2, 4, 8, 16, 32, 64, 128], [1, 8], { dtype: "i64" });
      const shifted = ops.aten.floorDivide(this.bits.to("i64").unsqueeze(1), places);
      const odd = shifted.sub(ops.aten.floorDivide(shifted, Tensor.scalar(2, { dtype: "i64" })).mul(2));
      return ops.aten.nonzero(odd.flatten()).flatten();
    });
  }

  /**
   * Asks a field for densities in cells and says anew which are occupied.
   * @param density positions f32 [M, 3] in the unit cube to densities f32 [M], a metre
   */
  update(density: (positions: Tensor) => Tensor, { seed, step, cells, decay = 0.95, threshold }: OccupancyUpdate): void {
    scope(() =>
      noGrad(() => {
        const chosen = cells === undefined ? Tensor.arange(this.cells) : this.#draw(cells, seed, step);
        const count = chosen.size(0);
        const within = uniform([count, 3], { seed, purpose: "occupancy", index: 3 * step });
        const values: Tensor[] = [];
        for (let first = 0; first < count; first += CHUNK) {
          const some = Math.min(CHUNK, count - first);
          values.push(scope(() => density(this.points(chosen.narrow(0, first, some), within.narrow(0, first, some)))));
        }
        ops.earthcraft.occupancyUpdate_(this.densities, this.bits, chosen, Tensor.cat(values), decay, threshold);
      }),
    );
  }

  /**
   * Points of cells.
   * @param cells i64 [M]
   * @param within f32 [M, 3] in [0, 1), from the cell's low corner to its high one
   * @returns f32 [M, 3] in the unit cube of the outermost cascade
   */
  points(cells: Tensor, within: Tensor): Tensor {
    return ops.earthcraft.occupancyPoints(cells, within, this.resolution, this.cascades);
  }

  #draw(count: number, seed: number, step: number): Tensor {
    const occupied = this.occupied();
    const confirming = occupied.size(0) > 0 ? Math.floor(count / 2) : 0;
    const anywhere = randint(this.cells, [count - confirming], { seed, purpose: "occupancy", index: 3 * step + 1 });
    if (confirming === 0) return anywhere;
    const which = randint(occupied.size(0), [confirming], { seed, purpose: "occupancy", index: 3 * step + 2 });
    return Tensor.cat([anywhere, occupied.indexSelect(0, which)]);
  }

  /** `densities` and `bits`; not copies. */
  stateDict(): Map<string, Tensor> {
    return new Map([
      ["densities", this.densities],
      ["bits", this.bits],
    ]);
  }

  /** Copies a saved state in. @throws when a name is missing or a shape differs; then nothing was copied */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const own = [...this.stateDict()];
    for (const [name, tensor] of own)
      if (state.get(name)?.shape.join() !== tensor.shape.join())
        throw new ArgumentError(`OccupancyGrid: ${name} is [${state.get(name)?.shape.join(", ") ?? "missing"}], wanted [${tensor.shape.join(", ")}]`);
    noGrad(() => scope(() => own.map(([name, tensor]) => tensor.copy_(state.get(name)!)) && undefined));
  }

  dispose(): void {
    this.#arena.dispose();
  }
}
