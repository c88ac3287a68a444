/**
 * What a border between windows looks like: the mean step of height and colour between horizontally adjacent surface cells across it, beside the same measure inside a window. A seam as high as the
 * terrain's own steps is no seam.
 */

/** A scene seen from above: the highest voxel of each column. */
export interface Surface {
  /** Cells along x and y. */
  width: number;
  depth: number;
  /** [width · depth], x + width·y; NaN where a column is empty. */
  height: Float32Array;
  /** [width · depth, 3] in [0, 1]. */
  rgb: Float32Array;
}

export interface Step {
  /** Mean |Δ height| in cells. */
  height: number;
  /** Mean |Δ colour| over channels. */
  colour: number;
  pairs: number;
}

/**
 * @param coords [N, 3] with x in [0, width), y in [0, depth)
 * @param rgb [N, 3]
 */
export function surfaceOf(coords: ArrayLike<number>, rgb: ArrayLike<number>, width: number, depth: number): Surface {
  const surface: Surface = { width, depth, height: new Float32Array(width * depth).fill(Number.NaN), rgb: new Float32Array(3 * width * depth) };
  for (let i = 0; 3 * i < coords.length; i++) {
    const cell = coords[3 * i]! + width * coords[3 * i + 1]!;
    const z = coords[3 * i + 2]!;
    if (surface.height[cell]! >= z) continue;
    surface.height[cell] = z;
    for (let k = 0; k < 3; k++) surface.rgb[3 * cell + k] = rgb[3 * i + k]!;
  }
  return surface;
}

/**
 * @param bordersX a border lies between the columns x − 1 and x
 * @param bordersY likewise in y
 * @param factor cells along one of L/8's: `between` are those pairs inside windows whose columns belong to two such cells, as all pairs across borders do
 */
export function seamSteps(
  surface: Surface,
  bordersX: readonly number[],
  bordersY: readonly number[],
  factor = 8,
): { across: Step; inside: Step; between: Step } {
  const [across, inside, between] = [new StepMean(), new StepMean(), new StepMean()];
  const { width, depth } = surface;
  const add = (at: number, borders: readonly number[], a: number, b: number) => {
    if (at === 0) return;
    if (borders.includes(at)) return across.add(surface, a, b);
    inside.add(surface, a, b);
    if (at % factor === 0) between.add(surface, a, b);
  };
  for (let y = 0; y < depth; y++)
    for (let x = 0; x < width; x++) {
      add(x, bordersX, x + width * y, x - 1 + width * y);
      add(y, bordersY, x + width * y, x + width * (y - 1));
    }
  return { across: across.value, inside: inside.value, between: between.value };
}

/**
 * The step of height where a window's open columns begin: what is to be small when it is drawn. NaN where no settled column stands beside an open one.
 *
 * @param settled [width · depth], x + width·y: 1 where earlier windows decided
 */
export function openingStep(surface: Surface, settled: ArrayLike<number>): number {
  const step = new StepMean();
  const { width, depth } = surface;
  const add = (a: number, b: number) => settled[a] !== settled[b] && step.add(surface, a, b);
  for (let y = 0; y < depth; y++)
    for (let x = 0; x < width; x++) {
      if (x > 0) add(x + width * y, x - 1 + width * y);
      if (y > 0) add(x + width * y, x + width * (y - 1));
    }
  return step.value.height;
}

class StepMean {
  private height = 0;
  private colour = 0;
  private pairs = 0;

  add(surface: Surface, a: number, b: number): void {
    const step = Math.abs(surface.height[a]! - surface.height[b]!);
    if (Number.isNaN(step)) return;
    this.height += step;
    for (let k = 0; k < 3; k++) this.colour += Math.abs(surface.rgb[3 * a + k]! - surface.rgb[3 * b + k]!) / 3;
    this.pairs++;
  }

  get value(): Step {
    return { height: this.height / this.pairs, colour: this.colour / this.pairs, pairs: this.pairs };
  }
}
