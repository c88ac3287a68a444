import { describe, expect, test } from "bun:test";
import { CLASSES, classId, PALETTE } from "./classes";
import { Lattice, mapCell, mapRowColumn, snapFloor } from "./lattice";

describe("the lattice", () => {
  test("crops lie where the paper's figures put them: 0, 270, 540 cells at L = 360", () => {
    expect(new Lattice(360, 0).cropOffsets).toEqual([0, 270, 540]);
    expect(new Lattice(64, 0).cropOffsets).toEqual([0, 48, 96]);
  });

  test("cell (0, 0, 0) begins at (−250, −250, z_floor) and cells hold their centres", () => {
    const lattice = new Lattice(360, -13.3);
    expect(lattice.cellOf([-249.99, -249.99, -13.29])).toEqual([0, 0, 0]);
    expect(lattice.cellOf([249.99, -250.01, -13.31])).toEqual([899, -1, -1]);
    expect(lattice.cellOf(lattice.centreOf([17, 301, 42]))).toEqual([17, 301, 42]);
    expect(lattice.voxel_m).toBeCloseTo(0.5556, 4);
  });

  test("the floor is a multiple of 8 cells, at least 4 and less than 12 cells below the lowest surface", () => {
    for (const lowest of [-61.7, -3, 0, 0.4, 17.93, 400]) {
      const s = 3.125;
      const floor = snapFloor(lowest, s);
      expect(Math.abs(floor / (8 * s) - Math.round(floor / (8 * s)))).toBeLessThan(1e-9);
      expect(lowest - floor).toBeGreaterThanOrEqual(4 * s);
      expect(lowest - floor).toBeLessThan(12 * s);
    }
  });

  test("an F of cells reads as an F in a north-up map", () => {
    const cells = 5; // F: a stem along x = 0 from south to north, its long arm at the north end, the short one in the middle
    const letter = [
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
      [1, 2],
      [1, 4],
      [2, 4],
    ] as const;
    const picture = Array.from({ length: cells }, () => Array(cells).fill("."));
    for (const [x, y] of letter) {
      const { row, column } = mapRowColumn(x, y, cells);
      picture[row]![column] = "#";
      expect(mapCell(row, column, cells)).toEqual({ x, y });
    }
    expect(picture.map((r) => r.join(""))).toEqual(["###..", "#....", "##...", "#....", "#...."]);
  });
});

describe("Table 13", () => {
  test("25 classes, whose shares add up to the whole", () => {
    expect(CLASSES.length).toBe(26);
    expect(CLASSES.map((c) => c.id)).toEqual([...CLASSES.keys()]);
    expect(CLASSES.reduce((sum, c) => sum + c.percentage, 0)).toBeCloseTo(100, 1);
  });

  test("colours are the flat-UI palette: Building #9B59B6, Road #F1C40F, Woodland #3498DB", () => {
    const hex = (id: number) => CLASSES[id]!.rgb.map((v) => v.toString(16).padStart(2, "0")).join("");
    expect([hex(classId("building")), hex(classId("Road")), hex(2)]).toEqual(["9b59b6", "f1c40f", "3498db"]);
    expect([...PALETTE.slice(12, 15)]).toEqual([0x9b, 0x59, 0xb6]);
    expect(new Set(CLASSES.map((c) => c.rgb.join())).size).toBe(26);
  });

  test("an unknown class is refused with the list", () => {
    expect(() => classId("Forest")).toThrow("Woodland");
  });
});
