/** The 25 land-cover classes of the paper's Table 13, with 0 for what has no label. */

export interface LandClass {
  id: number;
  name: string;
  /** Share of Aerial-Earth3D's mesh vertices, in percent (Table 13). */
  percentage: number;
  /** RGB, 0–255. */
  rgb: readonly [number, number, number];
}

/**
 * Table 13 as printed: id, name, percentage, colour. Its colours are the flat-UI palette in BGR order (Building [182, 89, 155] is #9B59B6, Road [15, 196, 241] is #F1C40F), so they are turned round below.
 */
const TABLE_13: readonly [number, string, number, readonly [number, number, number]][] = [
  [1, "Agriculture Field", 1.5903, [60, 76, 231]],
  [2, "Woodland", 28.8137, [219, 152, 52]],
  [3, "Grassland", 27.8886, [113, 204, 46]],
  [4, "Building", 13.9675, [182, 89, 155]],
  [5, "Road", 8.4591, [15, 196, 241]],
  [6, "Excavated Land", 2.3485, [34, 126, 230]],
  [7, "Bare Land", 0.1045, [156, 188, 26]],
  [8, "Water", 1.6379, [160, 76, 231]],
  [9, "Pavement", 13.5912, [94, 73, 52]],
  [10, "Ship", 0.047, [133, 160, 22]],
  [11, "Storage Tank", 0.0385, [43, 57, 192]],
  [12, "Baseball Diamond", 0.061, [185, 128, 41]],
  [13, "Tennis Court", 0.0463, [96, 174, 39]],
  [14, "Basketball Court", 0.029, [173, 68, 142]],
  [15, "Ground Track Field", 0.0375, [18, 156, 243]],
  [16, "Bridge", 0.0243, [0, 84, 211]],
  [17, "Vehicle", 0.9404, [141, 140, 127]],
  [18, "Helicopter", 0.0001, [137, 122, 108]],
  [19, "Swimming Pool", 0.1175, [89, 140, 163]],
  [20, "Roundabout", 0.008, [182, 159, 97]],
  [21, "Soccer Ball Field", 0.2278, [206, 143, 187]],
  [22, "Plane", 0.0013, [43, 147, 240]],
  [23, "Harbor", 0.0141, [124, 175, 77]],
  [24, "Greenhouse", 0.0047, [46, 58, 176]],
  [25, "Solar Panel", 0.0012, [226, 173, 93]],
];

/** Index = id. Entry 0 is "Unlabelled", black. */
export const CLASSES: readonly LandClass[] = [
  { id: 0, name: "Unlabelled", percentage: 0, rgb: [0, 0, 0] },
  ...TABLE_13.map(([id, name, percentage, [b, g, r]]): LandClass => ({ id, name, percentage, rgb: [r, g, b] })),
];

/** 26: Table 13's classes and "Unlabelled"; the width of a one-hot label. */
export const CLASS_COUNT = CLASSES.length;

/** Flat RGB palette, 3 bytes an id, as a palette PNG wants it. */
export const PALETTE: Uint8Array = Uint8Array.from(CLASSES.flatMap((c) => c.rgb));

const BY_NAME = new Map(CLASSES.map((c) => [c.name.toLowerCase(), c.id]));

/** @throws RangeError naming the classes when there is none of that name (case does not count) */
export function classId(name: string): number {
  const id = BY_NAME.get(name.toLowerCase());
  if (id === undefined) throw new RangeError(`no land-cover class "${name}"; Table 13 has ${CLASSES.map((c) => c.name).join(", ")}`);
  return id;
}
