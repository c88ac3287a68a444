/** Sizes of what is timed: `paper`, and `tiny`, with which the bench itself is tried where there is no GPU. */
export interface Sizes {
  linear: { size: number };
  /** Terrains for terrain.py's generator. */
  middle: { side: number; height: number };
  large: { side: number; height: number };
  narrow: number;
  wide: number;
  windows: { heads: number; dim: number };
  attention: { tokens: number; heads: number; dim: number };
  norms: { rows: number; channels: number };
  adamw: { count: number; size: number };
  launches: { chain: number };
  splats: { splats: number; views: number; width: number; height: number };
  replay: { rows: number; channels: number };
  /** Of the model. */
  texvae: "paper" | "mini";
}

export const sizes = {
  paper: {
    linear: { size: 8192 },
    middle: { side: 128, height: 30 },
    large: { side: 250, height: 40 },
    narrow: 64,
    wide: 512,
    windows: { heads: 8, dim: 64 },
    attention: { tokens: 32_768, heads: 16, dim: 64 },
    norms: { rows: 220_000, channels: 512 },
    adamw: { count: 48, size: 1024 * 1024 },
    launches: { chain: 1000 },
    splats: { splats: 3_500_000, views: 4, width: 640, height: 360 },
    replay: { rows: 65_536, channels: 512 },
    texvae: "paper",
  },
  tiny: {
    linear: { size: 64 },
    middle: { side: 16, height: 6 },
    large: { side: 24, height: 8 },
    narrow: 8,
    wide: 16,
    windows: { heads: 2, dim: 16 },
    attention: { tokens: 200, heads: 2, dim: 16 },
    norms: { rows: 220, channels: 64 },
    adamw: { count: 3, size: 1000 },
    launches: { chain: 20 },
    splats: { splats: 3000, views: 2, width: 64, height: 36 },
    replay: { rows: 64, channels: 32 },
    texvae: "mini",
  },
} satisfies Record<string, Sizes>;
