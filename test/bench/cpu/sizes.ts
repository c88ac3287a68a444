/** Sizes of what is timed: those of the bars, and small ones with which `make test` runs every row once. */
export interface Sizes {
  /** One terrain of terrain.py, and the edges of the corners cut from it: 25k, 100k and all its 220k voxels. */
  ground: { side: number; height: number };
  cuts: { small: number; middle: number; whole: number };
  channels: number;
  windows: { heads: number; dim: number }[];
  attention: { tokens: number; heads: number; dim: number };
  long: { tokens: number; heads: number; dim: number };
  replay: { rows: number; channels: number };
  splats: { splats: number; width: number; height: number };
  projection: { width: number; height: number; channels: number; patch: number };
  ssim: { batch: number; size: number };
  adamw: { count: number; size: number };
  chain: number;
}

export const sizes = {
  full: {
    ground: { side: 374, height: 60 },
    cuts: { small: 127, middle: 250, whole: 374 },
    channels: 64,
    windows: [
      { heads: 8, dim: 64 },
      { heads: 16, dim: 32 },
    ],
    attention: { tokens: 4096, heads: 16, dim: 64 },
    long: { tokens: 32_768, heads: 16, dim: 64 },
    replay: { rows: 4096, channels: 512 },
    splats: { splats: 200_000, width: 640, height: 360 },
    projection: { width: 640, height: 360, channels: 16, patch: 8 },
    ssim: { batch: 4, size: 128 },
    adamw: { count: 48, size: 1024 * 1024 },
    chain: 1000,
  },
  quick: {
    ground: { side: 40, height: 12 },
    cuts: { small: 16, middle: 24, whole: 40 },
    channels: 16,
    windows: [{ heads: 2, dim: 16 }],
    attention: { tokens: 300, heads: 2, dim: 16 },
    long: { tokens: 700, heads: 2, dim: 16 },
    replay: { rows: 64, channels: 32 },
    splats: { splats: 2000, width: 64, height: 36 },
    projection: { width: 64, height: 36, channels: 16, patch: 8 },
    ssim: { batch: 1, size: 32 },
    adamw: { count: 3, size: 4096 },
    chain: 50,
  },
} satisfies Record<string, Sizes>;
