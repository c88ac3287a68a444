/**
 * What is known about a set of voxels, computed once and shared by all layers of a pass: neighbour maps, window partitions, the coarser level.
 *
 * Its tensors live as long as its `coords`: a map first built inside some block's scope is there for the next block. Everything is built outside
 * the record of a checkpoint, so a segment may use an index whose coordinates come from outside it.
 *
 * How long a map is depends on the voxels, so building one on a GPU means waiting for it several times. A set of few voxels is fetched once instead,
 * and the processor builds its maps and sends them: the same bits, for both know one order.
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

/** Beyond so many voxels a GPU builds its maps faster than the processor, waits included. */
const FEW_VOXELS = 1 << 15;

export class SparseIndex {
  /** Of the same voxels, on the processor: what builds the maps of a few voxels on a GPU. */
  #twin: SparseIndex | undefined;
  readonly #remembered = new Map<string, Record<string, Tensor>>();
  #coarser: Coarser | undefined;

  private constructor(
    /** i32 [N, 4] (batch, x, y, z). */
    readonly coords: Tensor,
    /** One more than the highest batch number. */
    readonly batches: number,
    twin?: SparseIndex,
  ) {
    this.#twin = twin;
  }

  /**
   * @param coords i32 [N, 4] (batch, x, y, z), each voxel once, in any order; Morton order (`voxelUnique`'s) is fastest
   * @throws when a coordinate is negative or beyond 65,535, or a voxel comes twice
   */
  static of(coords: Tensor): SparseIndex {
    return pauseRecording(() => {
      const own = coords.detach(); // a handle of its own: it lives in the caller's scope, wherever coords do
      if (own.device === "cpu" || own.size(0) > FEW_VOXELS) return new SparseIndex(own, ops.earthcraft.voxelBatches(own));
      const twin = SparseIndex.of(own.to("cpu"));
      return new SparseIndex(own, twin.batches, twin);
    });
  }

  get size(): number {
    return this.coords.shape[0]!;
  }

  /** Row of each voxel of another set, or of coordinates i32 [M, 4], and −1 for those that are not here: i64 [M]. */
  lookup(others: SparseIndex | Tensor): Tensor {
    return pauseRecording(() => {
      if (others instanceof Tensor) return ops.earthcraft.voxelLookup(this.coords, others);
      const [twin, asked] = [this.#processor(), others.#processor()];
      if (twin && asked) return scope(() => ops.earthcraft.voxelLookup(twin.coords, asked.coords).to(this.coords.device));
      return ops.earthcraft.voxelLookup(this.coords, others.coords);
    });
  }

  /** Cubic windows of `edge` voxels, moved by `shift` (paper: "3D Swin"). */
  windows(edge: number, shift: number): Windows {
    return this.#remember(`windows ${edge} ${shift}`, (twin) => {
      if (twin) return twin.windows(edge, shift);
      const [order, starts] = ops.earthcraft.windowPartition(this.coords, edge, shift);
      return { order, starts };
    });
  }

  /** Where each scene begins, one a batch: i64 [scenes + 1]. Rows of a batch lie together, batches ascending. One scene is all voxels. */
  scenes(scenes = this.batches): Tensor {
    const { device } = this.coords;
    return this.#remember(`scenes ${scenes}`, (twin) => {
      if (scenes === 1) return { starts: Tensor.from(BigInt64Array.of(0n, BigInt(this.size)), [2], { device }) };
      return { starts: twin ? twin.scenes(scenes) : ops.earthcraft.batchStarts(this.coords, scenes) };
    }).starts;
  }

  /** The pairs of a 3³ convolution that keeps this set of voxels. */
  submanifold(): ConvPairs {
    return this.#remember("submanifold", (twin) => {
      if (twin) return twin.submanifold();
      const [pairs, starts] = ops.earthcraft.convPairs(ops.earthcraft.neighbourMap(this.coords, this.coords, 3, 1));
      return { pairs, starts };
    });
  }

  /** The pairs of a convolution of stride 2 to the coarser level, and the same pairs the other way. */
  strided(kernel: 2 | 3): { down: ConvPairs; up: ConvPairs } {
    const { index: coarse, children } = this.coarser();
    const { pairs, starts, upPairs, upStarts } = this.#remember(`strided ${kernel}`, (twin) => {
      if (twin) {
        const { down, up } = twin.strided(kernel);
        return { pairs: down.pairs, starts: down.starts, upPairs: up.pairs, upStarts: up.starts };
      }
      const map = kernel === 2 ? children : ops.earthcraft.neighbourMap(coarse.coords, this.coords, 3, 2);
      const [pairs, starts] = ops.earthcraft.convPairs(map);
      const [upPairs, upStarts] = ops.earthcraft.convPairs(ops.earthcraft.neighbourMapTurned(map, this.size));
      return { pairs, starts, upPairs, upStarts };
    });
    return { down: { pairs, starts }, up: { pairs: upPairs, starts: upStarts } };
  }

  /** The set of cells of edge 2 that hold a voxel. */
  coarser(): Coarser {
    this.#coarser ??= this.#build((twin) => {
      if (twin) {
        const { index, parent, children } = twin.coarser();
        const { device } = this.coords;
        return { index: new SparseIndex(index.coords.to(device), this.batches, index), parent: parent.to(device), children: children.to(device) };
      }
      const [coords, parent, children] = ops.earthcraft.voxelCoarsen(this.coords);
      return { index: new SparseIndex(coords, this.batches), parent, children };
    });
    return this.#coarser;
  }

  /** All eight children of every voxel, in slot order x + 2y + 4z, parent after parent. */
  refined(): SparseIndex {
    return pauseRecording(() =>
      scope(() => {
        const { device } = this.coords;
        const twin = this.#processor()?.refined();
        const finer = new SparseIndex(twin ? twin.coords.to(device) : ops.earthcraft.voxelRefine(this.coords), this.batches, twin);
        const children = ops.aten.arange(8 * this.size, { dtype: "i32", device }).view([-1, 8]);
        const parent = ops.aten.repeatInterleave(ops.aten.arange(this.size, { dtype: "i64", device }), 8);
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
    const own = [this.coords, ...[...this.#remembered.values()].flatMap((entry) => Object.values(entry)), ...(this.#twin?.tensors() ?? [])];
    return this.#coarser ? [...own, this.#coarser.parent, this.#coarser.children, ...this.#coarser.index.tensors()] : own;
  }

  /** @param make is given the processor's index of the same voxels where it builds for this one */
  #remember<K extends string>(what: string, make: (twin: SparseIndex | undefined) => Record<K, Tensor>): Record<K, Tensor> {
    let found = this.#remembered.get(what) as Record<K, Tensor> | undefined;
    if (found === undefined) {
      found = this.#build((twin) => {
        const made = make(twin);
        if (!twin) return made;
        const { device } = this.coords;
        return Object.fromEntries(Object.entries<Tensor>(made).map(([name, tensor]) => [name, tensor.to(device)])) as Record<K, Tensor>;
      });
      this.#remembered.set(what, found);
    }
    return found;
  }

  #build<T>(make: (twin: SparseIndex | undefined) => T): T {
    return pauseRecording(() => scope(() => keepWith(this.coords, make(this.#processor()))));
  }

  #processor(): SparseIndex | undefined {
    if (this.#twin === undefined && this.size <= FEW_VOXELS && this.coords.device !== "cpu")
      this.#twin = pauseRecording(() => scope(() => keepWith(this.coords, new SparseIndex(this.coords.to("cpu"), this.batches))));
    return this.#twin;
  }
}

/** Refuses features that are not one row a voxel. */
export function checkRows(what: string, rows: number, index: SparseIndex): void {
  if (rows !== index.size) throw new ArgumentError(`${what}: ${rows} rows of features for ${index.size} voxels`);
}
