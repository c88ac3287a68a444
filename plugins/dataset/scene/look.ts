/**
 * How things look: a colour for every class, varied by feature and by position alone, so that the same place always looks the same and neighbours differ as they do from the air.
 */
import { hash01, smoothNoise } from "../noise";
import type { Tags } from "../readers/osm-data";
import type { Style } from "./canvas";
import type { RGB } from "./mesh";

/** Colours that a class's features choose from, and how blotchy they are. */
interface Palette {
  colors: readonly RGB[];
  mottle: number;
  mottle_m: number;
  /** Ground that is no one thing: patches of about this size choose a colour each, instead of the feature. */
  patch_m?: number;
}

const hex = (text: string): RGB => [1, 3, 5].map((i) => Number.parseInt(text.slice(i, i + 2), 16) / 255) as unknown as RGB;
const palette = (colors: string[], mottle: number, mottle_m: number, patch_m?: number): Palette => ({
  colors: colors.map(hex),
  mottle,
  mottle_m,
  ...(patch_m ? { patch_m } : {}),
});

/** By Table 13's id. */
const PALETTES: Record<number, Palette> = {
  1: palette(["#d9c24a", "#6e4a2f", "#5f8c3a", "#e0c98f", "#8a6a45", "#3f6f32", "#b7a95c"], 0.08, 14),
  2: palette(["#142e1b", "#27461f", "#668536", "#96984a", "#876334", "#1d3a2a", "#486a2e"], 0.3, 12, 42),
  3: palette(["#5d8a3c", "#a3c064", "#3b662d", "#c8c382", "#6f9648", "#857445"], 0.2, 16, 48),
  4: palette(["#a4502f", "#7b3527", "#4a4c50", "#9c9a94", "#c8c2b6", "#6a5142", "#b9703f", "#33363b", "#dcd8cf"], 0.06, 6),
  5: palette(["#3a3b3d", "#55565a", "#2c2d30", "#8a8a8c", "#6b6763"], 0.1, 20, 60),
  6: palette(["#d3bd92", "#a98d63", "#7d6a50"], 0.24, 14, 24),
  7: palette(["#b8a27c", "#857765", "#d6c8a8"], 0.2, 12, 30),
  8: palette(["#2c4a55", "#1f3b4d", "#3b5a52"], 0.14, 60),
  9: palette(["#9f9b93", "#c6c1b6", "#6d6b69", "#ddd8cc", "#8f7f70"], 0.12, 9, 22),
  10: palette(["#e8e8e8", "#b23a2f", "#2b3f66"], 0.05, 5),
  11: palette(["#e6e4dc", "#c7c9c6"], 0.04, 5),
  12: palette(["#b57a4a", "#6d9a45"], 0.1, 10),
  13: palette(["#3f7f5a", "#a5523c", "#3c64a0"], 0.04, 8),
  14: palette(["#8a4f3d", "#4b6f86", "#6a7a4f"], 0.05, 8),
  15: palette(["#a94b35", "#b5603f"], 0.05, 12),
  16: palette(["#a6a29a", "#7f7c78"], 0.06, 10),
  17: palette(["#d7d9dc", "#1f2226", "#8c1f1d", "#27406d", "#9da1a6"], 0.02, 3),
  19: palette(["#49a9c9", "#6cc3d5"], 0.05, 4),
  20: palette(["#545558", "#6a6b6d"], 0.08, 20),
  21: palette(["#4f9340", "#62a34c"], 0.08, 10),
  23: palette(["#6f7a80", "#8c9296"], 0.08, 12),
  24: palette(["#b9d2d0", "#d4e3e0"], 0.06, 4),
  25: palette(["#1c2742", "#243152"], 0.04, 4),
};

const CROP_COLORS: Record<string, string> = {
  wheat: "#dcc27a",
  rape: "#e3cf2e",
  maize: "#4f7f35",
  barley: "#c9b06a",
  sugar_beet: "#39702f",
  fallow: "#6b4a32",
  grape: "#7b8a4a",
  vegetables: "#5f7f45",
};
const MATERIAL_COLORS: Record<string, string> = {
  roof_tiles: "#a4502f",
  slate: "#4a4e57",
  metal: "#9aa0a4",
  copper: "#6fa58c",
  concrete: "#a8a69f",
  gravel: "#9b968c",
  glass: "#b9d2d6",
  tar_paper: "#3c3d40",
  thatch: "#9a8350",
  grass: "#6f9648",
  asphalt: "#4b4c4e",
  paving_stones: "#b5a999",
  sett: "#8d8780",
  gravel_path: "#c2b28f",
  sand: "#d8c79b",
};

/**
 * The look of one feature. `key` is any number that belongs to the feature (a hash of its first point), so that it does not depend on the order of the file.
 */
export function featureStyle(landClass: number, tags: Tags, key: number, angle_rad = 0): Style {
  const { colors, mottle, mottle_m, patch_m } = PALETTES[landClass] ?? PALETTES[3]!;
  const named =
    CROP_COLORS[tags.crop ?? ""] ??
    (tags.landuse === "vineyard" ? CROP_COLORS.grape : undefined) ??
    (landClass === 5 || landClass === 9 || landClass === 7 ? MATERIAL_COLORS[tags.surface ?? ""] : undefined);
  const base = named ? hex(named) : colors[Math.floor(hash01(key, landClass, 71) * colors.length)]!;
  const tone = 1 + 0.24 * (hash01(key, landClass, 72) - 0.5);
  const rgb = base.map((v) => v * tone) as unknown as RGB;
  const rows = rowsOf(landClass, tags, angle_rad, key);
  const patches = patch_m !== undefined && named === undefined ? { patches: { colors, size_m: patch_m } } : {};
  return { rgb, mottle, mottle_m, ...(rows ? { rows } : {}), ...patches };
}

function rowsOf(landClass: number, tags: Tags, angle_rad: number, key: number): Style["rows"] {
  if (landClass === 21) return { angle_rad, period_m: 11, depth: 0.07 }; // mown stripes
  if (landClass !== 1) return undefined;
  if (tags.landuse === "orchard") return { angle_rad, period_m: 9, depth: 0.25 };
  if (tags.landuse === "vineyard") return { angle_rad, period_m: 7, depth: 0.22 };
  return { angle_rad, period_m: 8 + 6 * hash01(key, 1, 73), depth: 0.09 };
}

/** The colour of a roof: as tagged, by its material, or one that its position picks. */
export function roofColor(landClass: number, tags: Tags, key: number): RGB {
  const tagged =
    cssColor(tags["roof:colour"]) ?? (MATERIAL_COLORS[tags["roof:material"] ?? ""] ? hex(MATERIAL_COLORS[tags["roof:material"]!]!) : undefined);
  if (tagged) return tagged;
  return featureStyle(landClass, {}, key).rgb;
}

const WALLS = ["#d8cfbd", "#c2b49c", "#e6e1d6", "#a8978a", "#b98f6f", "#8e8a86"].map(hex);

export function wallColor(tags: Tags, key: number): RGB {
  return cssColor(tags["building:colour"]) ?? WALLS[Math.floor(hash01(key, 5, 74) * WALLS.length)]!;
}

const NAMED: Record<string, string> = {
  white: "#f0f0ee",
  black: "#222224",
  grey: "#8a8a8a",
  gray: "#8a8a8a",
  red: "#a23a2c",
  brown: "#6f4a33",
  beige: "#d8c8a8",
  green: "#5a7f4f",
  blue: "#4a6590",
  yellow: "#d9c060",
  silver: "#b8babd",
  orange: "#c77a3f",
  maroon: "#6a2a26",
  tan: "#c8a97e",
  cream: "#efe6cf",
  darkgrey: "#55585c",
  lightgrey: "#bfc1c3",
};

function cssColor(text: string | undefined): RGB | undefined {
  if (text === undefined) return undefined;
  const value = NAMED[text.toLowerCase().replace(/[ _]/g, "")] ?? text;
  if (/^#[0-9a-f]{6}$/i.test(value)) return hex(value);
  return /^#[0-9a-f]{3}$/i.test(value) ? hex(`#${[...value.slice(1)].map((c) => c + c).join("")}`) : undefined;
}

/** The colour of a style at a position, 0–1. */
export function colorAt(style: Style, x: number, y: number): [number, number, number] {
  const { mottle, mottle_m, rows, patches } = style;
  const rgb = patches ? patchColor(patches, x, y) : style.rgb;
  let light = 1 + mottle * (0.65 * smoothNoise(x, y, mottle_m, 81) + 0.35 * smoothNoise(x, y, mottle_m / 3, 82));
  if (rows) light += rows.depth * Math.sin((2 * Math.PI * (x * Math.cos(rows.angle_rad) + y * Math.sin(rows.angle_rad))) / rows.period_m);
  const warm = 0.3 * mottle * smoothNoise(x, y, 2.7 * mottle_m, 83); // blotches differ in hue too
  return [rgb[0] * (light + warm), rgb[1] * light, rgb[2] * (light - warm)];
}

/** Irregular patches: the nearest of points scattered one a square. */
function patchColor({ colors, size_m }: NonNullable<Style["patches"]>, x: number, y: number): RGB {
  const u = x / size_m + 0.3 * smoothNoise(x, y, 0.45 * size_m, 87); // no straight borders
  const v = y / size_m + 0.3 * smoothNoise(x, y, 0.45 * size_m, 88);
  const [i, j] = [Math.floor(u), Math.floor(v)];
  let [best, choice] = [Infinity, 0];
  for (let a = i - 1; a <= i + 1; a++)
    for (let b = j - 1; b <= j + 1; b++) {
      const distance = (a + hash01(a, b, 84) - u) ** 2 + (b + hash01(a, b, 85) - v) ** 2;
      if (distance < best) [best, choice] = [distance, hash01(a, b, 86)];
    }
  return colors[Math.floor(choice * colors.length)]!;
}
