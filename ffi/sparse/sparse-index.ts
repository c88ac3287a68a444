/**
 * What is known about a set of voxels, computed once and shared by all layers of a pass: neighbour maps, window partitions, the coarser level.
 *
 * Its tensors live as long as its `coords`: a map first built inside some block's scope is there for the next block. Everything is built outside
 * the record of a checkpoint, so a segment may use an index whose coordinates come from outside it.
 */
import { ArgumentError, keepWith, ops, pauseRecording, scope, Tensor } from "../index";

/** Pairs (input row, output row) of a convolution, in the blocks that `sparse_conv` reads. */
export interface ConvPairs {
  pairs: Tensor;
  starts: Tensor;
}

export interface Windows {
  /** i64 [N]: rows, window after window. */
  order: Tensor;
  /** i64 [W + 1]: where each window begins in `order`. */
  starts: Tensor;
}

export interface Coarser {
  index: SparseIndex;
  /** i64 [N]: each voxel's row in the coarser level. */
  parent: Tensor;
  /** i32 [M, 8]: rows of a coarse voxel's children, slot x + 2y + 4z, −1 where there is none. */
  children: Tensor;
}

export class SparseIndex {
  readonly #remembered = new Map<string, Record<string, Tensor>>();
  #coarser: Coarser | undefined;

  private constructor(
    /** i32 [N, 4] (batch, x, y, z). */
    readonly coords: Tensor,
    /** One more than the highest batch number. */
    readonly batches: number,
  ) {}

  /**
   * @param coords i32 [N, 4] (batch, x, y, z), each voxel once, in any order; Morton order (`voxelUnique`'s) is fastest
   * @throws when a coordinate is negative or beyond 65,535, or a voxel comes twice
   */
  static of(coords: Tensor): SparseIndex {
    return pauseRecording(() => {
      const batches = ops.earthcraft.voxelBatches(coords);
      return new SparseIndex(coords.detach(), batches); // a handle of its own: it lives in the caller's scope, wherever coords do
    });
  }

  get size(): number {
    return this.coords.shape[0]!;
  }

  /** Row of each voxel of `coords`, or −1: i64 [M]. */
  lookup(coords: Tensor): Tensor {
    return pauseRecording(() => ops.earthcraft.voxelLookup(this.coords, coords));
  }

  /** Cubic windows of `edge` voxels, moved by `shift` (paper: "3D Swin"). */
  windows(edge: number, shift: number): Windows {
    return this.#remember(`windows ${edge} ${shift}`, () => {
      const [order, starts] = ops.earthcraft.windowPartition(this.coords, edge, shift);
      return { order, starts };
    });
  }

  /** Where each scene begins, one a batch: i64 [scenes + 1]. Rows of a batch lie together, batches ascending. One scene is all voxels. */
  scenes(scenes = this.batches): Tensor {
    return this.#remember(`scenes ${scenes}`, () => ({
      starts: scenes === 1 ? Tensor.from(BigInt64Array.of(0n, BigInt(this.size))) : ops.earthcraft.batchStarts(this.coords, scenes),
    })).starts;
  }

  /** The pairs of a 3³ convolution that keeps this set of voxels. */
  submanifold(): ConvPairs {
    return this.#remember("submanifold", () => {
      const [pairs, starts] = ops.earthcraft.convPairs(ops.earthcraft.neighbourMap(this.coords, this.coords, 3, 1));
      return { pairs, starts };
    });
  }

  /** The pairs of a convolution of stride 2 to the coarser level, and the same pairs the other way. */
  strided(kernel: 2 | 3): { down: ConvPairs; up: ConvPairs } {
    const { index: coarse, children } = this.coarser();
    const { pairs, starts, upPairs, upStarts } = this.#remember(`strided ${kernel}`, () => {
      const map = kernel === 2 ? children : ops.earthcraft.neighbourMap(coarse.coords, this.coords, 3, 2);
      const [pairs, starts] = ops.earthcraft.convPairs(map);
      const [upPairs, upStarts] = ops.earthcraft.convPairs(ops.earthcraft.neighbourMapTurned(map, this.size));
      return { pairs, starts, upPairs, upStarts };
    });
    return { down: { pairs, starts }, up: { pairs: upPairs, starts: upStarts } };
  }

  /** The set of cells of edge 2 that hold a voxel. */
  coarser(): Coarser {
    this.#coarser ??= this.#build(() => {
      const [coords, parent, children] = ops.earthcraft.voxelCoarsen(this.coords);
      return { index: new SparseIndex(coords, this.batches), parent, children };
    });
    return this.#coarser;
  }

  /** All eight children of every voxel, in slot order x + 2y + 4z, parent after parent. */
  refined(): SparseIndex {
    return pauseRecording(() =>
      scope(() => {
        const finer = new SparseIndex(ops.earthcraft.voxelRefine(this.coords), this.batches);
        const children = ops.aten.arange(8 * this.size, { dtype: "i32" }).view([-1, 8]);
        const parent = ops.aten.repeatInterleave(ops.aten.arange(this.size, { dtype: "i64" }), 8);
        finer.#coarser = { index: this, parent, children };
        return finer;
      }),
    );
  }

  /** The voxels of some rows, i64 [M], each at most once. */
  select(rows: Tensor): SparseIndex {
    return pauseRecording(() => new SparseIndex(this.coords.indexSelect(0, rows), this.batches));
  }

  /** For `scope`: all it owns. */
  tensors(): Tensor[] {
    const own = [this.coords, ...[...this.#remembered.values()].flatMap((entry) => Object.values(entry))];
    return this.#coarser ? [...own, this.#coarser.parent, this.#coarser.children, ...this.#coarser.index.tensors()] : own;
  }

  #remember<K extends string>(what: string, make: () => Record<K, Tensor>): Record<K, Tensor> {
    let found = this.#remembered.get(what) as Record<K, Tensor> | undefined;
    if (found === undefined) {
      found = this.#build(make);
      this.#remembered.set(what, found);
    }
    return found;
  }

  #build<T>(make: () => T): T {
    return pauseRecording(() => scope(() => keepWith(this.coords, make())));
  }
}

/** Refuses features that are not one row a voxel. */
export function checkRows(what: string, rows: number, index: SparseIndex): void {
  if (rows !== index.size) throw new ArgumentError(`${what}: ${rows} rows of features for ${index.size} voxels`);
}
