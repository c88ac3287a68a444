/** What stands on the blocks of a town: houses on parcels, apartment houses, halls, parks, schools. */
import { Random } from "../noise";
import { area, type Drawing, type Tags } from "./drawing";
import type { Block } from "./streets";
import type { Valley, XY } from "./valley";

const STREET_M = 5; // from a street's axis to the parcels

type Place = (along: number, across: number) => XY;

export function drawBlocks(valley: Valley, drawing: Drawing, blocks: readonly Block[]): void {
  for (const [index, block] of blocks.entries()) {
    const random = new Random(valley.seed, 1000 + index);
    const at: Place = (along, across) => valley.toPlan(along, block.valley, block.side * across);
    const box = {
      along: [block.along[0] + STREET_M, block.along[1] - STREET_M] as const,
      across: [block.across[0] + STREET_M, block.across[1] - STREET_M] as const,
    };
    const floor = block.across[0] < 60;
    const kind = floor
      ? random.pick(["park", "hall", "sport", "dense"] as const, [2, 4, 2, 3])
      : block.density > 0.62
        ? random.pick(["dense", "houses", "park", "school"] as const, [6, 3, 1, 1])
        : random.pick(["houses", "hall", "park", "school", "nursery"] as const, [12, 1, 0.6, 0.6, 0.5]);
    const lot: Lot = { box, at, random, drawing, side: block.side };
    DRAW[kind](lot);
  }
}

interface Lot {
  box: { along: readonly [number, number]; across: readonly [number, number] };
  at: Place;
  random: Random;
  drawing: Drawing;
  side: 1 | -1;
}

/** A ring in plan coordinates from along/across corners, counter-clockwise on the map. */
function ring(lot: Lot, a0: number, a1: number, c0: number, c1: number, turn = 0): XY[] {
  const [ma, mc] = [(a0 + a1) / 2, (c0 + c1) / 2];
  const corners: [number, number][] = [
    [a0, c0],
    [a1, c0],
    [a1, c1],
    [a0, c1],
  ];
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const points = corners.map(([a, c]) => lot.at(ma + (a - ma) * cos - (c - mc) * sin, mc + (a - ma) * sin + (c - mc) * cos));
  return lot.side === 1 ? points : points.reverse();
}

function blockRing(lot: Lot): XY[] {
  const { along, across } = lot.box;
  const steps = Math.max(1, Math.round((along[1] - along[0]) / 20));
  const points: XY[] = [];
  for (let i = 0; i <= steps; i++) points.push(lot.at(along[0] + ((along[1] - along[0]) * i) / steps, across[0]));
  for (let i = steps; i >= 0; i--) points.push(lot.at(along[0] + ((along[1] - along[0]) * i) / steps, across[1]));
  return lot.side === 1 ? points : points.reverse();
}

function building(lot: Lot, points: XY[], height_m: number, tags: Tags): void {
  const levels = Math.max(1, Math.round((height_m - 1.5) / 3));
  lot.drawing.buildings.push({ ring: points, height_m: Math.round(height_m * 10) / 10, tags: { "building:levels": String(levels), ...tags } });
}

function tree(lot: Lot, along: number, across: number): void {
  lot.drawing.points.push({
    at: lot.at(along, across),
    tags: { natural: "tree", height: lot.random.uniform(6, 12).toFixed(1), leaf_type: lot.random.chance(0.8) ? "broadleaved" : "needleleaved" },
  });
}

const ROOFS = ["#8c3b2a", "#a9573b", "#6b4a3f", "#4c4f55", "#7d7f82", "#b88a5a", "#5a2f2a", "#93998f"] as const;
const FLAT_ROOFS = ["#c9c6bf", "#8f9295", "#5c5f63", "#dedbd2", "#a79f93", "#77706a"] as const;

/** Two rows of parcels, each with its house towards its street, a driveway and a garden. */
function houses(lot: Lot): void {
  const { box, random, drawing } = lot;
  area(drawing, blockRing(lot), { landuse: "residential" });
  const middle = (box.across[0] + box.across[1]) / 2;
  for (const row of [0, 1] as const) {
    const street = box.across[row];
    const inward = row === 0 ? 1 : -1;
    for (let a = box.along[0]; a < box.along[1] - 13; ) {
      const width = Math.min(random.uniform(15, 21), box.along[1] - a);
      const [w, d] = [Math.min(width - 4, random.uniform(9.5, 13)), random.uniform(9, 13)];
      const centre = a + width / 2 + random.uniform(-0.5, 0.5);
      const front = street + inward * random.uniform(3, 6);
      const [c0, c1] = inward > 0 ? [front, front + d] : [front - d, front];
      const shape = random.pick(["gabled", "hipped", "flat", "pyramidal"] as const, [10, 5, 2, 1]);
      building(lot, ring(lot, centre - w / 2, centre + w / 2, c0, c1, random.uniform(-0.06, 0.06)), random.uniform(6, 10), {
        building: random.chance(0.85) ? "house" : "detached",
        "roof:shape": shape,
        "roof:colour": random.pick(shape === "flat" ? FLAT_ROOFS : ROOFS),
      });
      drawing.lines.push({
        points: [lot.at(a + 2, street - inward * STREET_M), lot.at(a + 2, front + inward * 7)],
        tags: { highway: "service", service: "driveway", surface: "paved", width: "3" },
      });
      const garden = [front + inward * (d + 2), middle - inward] as const;
      if (Math.abs(garden[1] - garden[0]) > 4) {
        const [g0, g1] = [Math.min(...garden), Math.max(...garden)];
        if (random.chance(0.75)) area(drawing, ring(lot, a + 0.5, a + width - 0.5, g0, g1), { leisure: "garden" });
        if (random.chance(0.16))
          area(drawing, ring(lot, centre - 4, centre + 4, (g0 + g1) / 2 - 2, (g0 + g1) / 2 + 2), { leisure: "swimming_pool", location: "outdoor" });
        else if (random.chance(0.3)) tree(lot, centre + random.uniform(-5, 5), (g0 + g1) / 2);
      }
      a += width;
    }
  }
}

/** Apartment houses along the streets round a paved yard; now and then a tower. */
function dense(lot: Lot): void {
  const { box, random, drawing } = lot;
  area(drawing, blockRing(lot), { landuse: random.chance(0.6) ? "commercial" : "retail" });
  const depth = random.uniform(12, 14);
  for (const row of [0, 1] as const) {
    const [c0, c1] = row === 0 ? [box.across[0] + 1, box.across[0] + 1 + depth] : [box.across[1] - 1 - depth, box.across[1] - 1];
    for (let a = box.along[0] + 1; a < box.along[1] - 12; ) {
      const width = Math.min(random.uniform(18, 34), box.along[1] - 1 - a);
      const flat = random.chance(0.6);
      const tower = random.chance(0.06);
      const height = tower ? random.uniform(32, 48) : random.uniform(12, 22);
      building(lot, ring(lot, a, a + width - 0.8, c0, c1), height, {
        building: random.chance(0.7) ? "apartments" : "retail",
        "roof:shape": flat || tower ? "flat" : "gabled",
        "roof:colour": random.pick(flat || tower ? FLAT_ROOFS : ROOFS),
      });
      a += width;
    }
  }
  const [y0, y1] = [box.across[0] + depth + 4, box.across[1] - depth - 4];
  if (y1 - y0 > 8) {
    const [a0, a1] = [box.along[0] + 6, box.along[1] - 6];
    const split = a0 + (a1 - a0) * random.uniform(0.35, 0.65);
    area(drawing, ring(lot, a0, split, y0, y1), { amenity: "parking", surface: "asphalt" });
    area(drawing, ring(lot, split, a1, y0, y1), { landuse: "grass" });
    for (let i = 0; i < 3; i++) tree(lot, random.uniform(split + 3, a1 - 3), random.uniform(y0 + 2, y1 - 2));
  }
}

/** A hall with a car park; here and there storage tanks or solar panels. */
function hall(lot: Lot): void {
  const { box, random, drawing } = lot;
  area(drawing, blockRing(lot), { landuse: "industrial" });
  const [a0, a1, c0, c1] = [box.along[0] + 4, box.along[1] - 4, box.across[0] + 4, box.across[1] - 4];
  const split = a0 + (a1 - a0) * random.uniform(0.5, 0.7);
  building(lot, ring(lot, a0, split, c0, c1), random.uniform(7, 12), {
    building: "industrial",
    "roof:shape": "flat",
    "roof:colour": random.pick(FLAT_ROOFS),
  });
  const extra = random.pick(["tanks", "solar", "none"] as const, [4, 2.5, 3.5]);
  if (extra === "tanks") {
    const tank = (a: number, c: number, r: number) => {
      const points = Array.from({ length: 12 }, (_, i) => lot.at(a + r * Math.cos((i * Math.PI) / 6), c + r * Math.sin((i * Math.PI) / 6)));
      building(lot, lot.side === 1 ? points : points.reverse(), random.uniform(8, 13), {
        building: "storage_tank",
        man_made: "storage_tank",
        "roof:shape": "flat",
        "roof:colour": "#e4e4df",
      });
    };
    tank(split + 11, c0 + 9, 7);
    if (a1 - split > 32) tank(split + 27, c0 + 9, 7);
  } else if (extra === "solar")
    area(drawing, ring(lot, split + 4, a1 - 2, c0, (c0 + c1) / 2 - 2), {
      power: "generator",
      "generator:source": "solar",
      "generator:method": "photovoltaic",
    });
  area(drawing, ring(lot, split + 4, a1, (c0 + c1) / 2 + 2, c1), { amenity: "parking", surface: "asphalt" });
}

function park(lot: Lot): void {
  const { box, random, drawing } = lot;
  area(drawing, blockRing(lot), { leisure: "park" });
  const [a0, a1, c0, c1] = [box.along[0] + 6, box.along[1] - 6, box.across[0] + 5, box.across[1] - 5];
  drawing.lines.push({
    points: [
      lot.at(box.along[0] - STREET_M, (c0 + c1) / 2 + 4),
      lot.at((a0 + a1) / 2, (c0 + c1) / 2 - 3),
      lot.at(box.along[1] + STREET_M, (c0 + c1) / 2),
    ],
    tags: { highway: "footway", surface: "gravel", width: "2.5" },
  });
  if (random.chance(0.5)) area(drawing, ellipse(lot, a0 + (a1 - a0) * 0.3, c0 + 11, 14, 8), { natural: "water", water: "pond" });
  area(drawing, ellipse(lot, a0 + (a1 - a0) * 0.75, c1 - 12, 16, 10), { natural: "wood", leaf_type: "broadleaved" });
  for (let i = 0; i < 5; i++) tree(lot, random.uniform(a0, a1), random.uniform((c0 + c1) / 2 + 7, c1));
}

function ellipse(lot: Lot, along: number, across: number, ra: number, rc: number): XY[] {
  const points = Array.from({ length: 16 }, (_, i) => lot.at(along + ra * Math.cos((i * Math.PI) / 8), across + rc * Math.sin((i * Math.PI) / 8)));
  return lot.side === 1 ? points : points.reverse();
}

function school(lot: Lot): void {
  const { box, random, drawing } = lot;
  area(drawing, blockRing(lot), { amenity: "school" });
  const [a0, a1, c0, c1] = [box.along[0] + 4, box.along[1] - 4, box.across[0] + 4, box.across[1] - 4];
  building(lot, ring(lot, a0, a0 + 16, c0, c1), random.uniform(10, 14), {
    building: "school",
    "roof:shape": "flat",
    "roof:colour": random.pick(FLAT_ROOFS),
  });
  const [kind, w] = random.pick([
    ["basketball", 28],
    ["tennis", 24],
  ] as const);
  area(drawing, ring(lot, a1 - w, a1, c0, c0 + 15), { leisure: "pitch", sport: kind });
  area(drawing, ring(lot, a0 + 20, a1, c0 + 19, c1), { landuse: "grass" });
}

function sport(lot: Lot): void {
  const { box, random, drawing } = lot;
  area(drawing, blockRing(lot), { leisure: "sports_centre" });
  const [a0, c0] = [box.along[0] + 3, box.across[0] + 2];
  const [length, width] = [Math.min(76, box.along[1] - box.along[0] - 6), Math.min(44, box.across[1] - box.across[0] - 4)];
  if (random.chance(0.35))
    area(drawing, ellipse(lot, a0 + length / 2, c0 + width / 2, length / 2, width / 2), { leisure: "track", sport: "running" });
  area(drawing, ring(lot, a0 + 9, a0 + length - 9, c0 + 7, c0 + width - 7), { leisure: "pitch", sport: random.chance(0.85) ? "soccer" : "baseball" });
}

/** Greenhouses on a market garden. */
function nursery(lot: Lot): void {
  const { box, drawing } = lot;
  area(drawing, blockRing(lot), { landuse: "farmland", crop: "vegetables" });
  for (let a = box.along[0] + 4; a + 12 < box.along[1] - 4; a += 15)
    building(lot, ring(lot, a, a + 11, box.across[0] + 4, box.across[1] - 8), 4.5, {
      building: "greenhouse",
      "roof:shape": "gabled",
      "roof:colour": "#bcd4d2",
    });
}

const DRAW = { houses, dense, hall, park, school, sport, nursery } as const;
