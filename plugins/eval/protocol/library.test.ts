import { expect, test } from "bun:test";
import { cellKeys } from "../../models/api";
import { TrainingLibrary } from "./library";

const keys = (...cells: [number, number, number][]) => cellKeys(cells.flat(), 3);
const library = new TrainingLibrary([
  { id: "a", map: Uint8Array.of(3, 3, 4, 5), fine: keys([0, 0, 0], [1, 0, 0], [2, 0, 0]), coarse: keys([0, 0, 0], [0, 1, 0]) },
  { id: "b", map: Uint8Array.of(3, 8, 8, 8), fine: keys([7, 7, 7]), coarse: keys([0, 0, 0], [5, 5, 5]) },
  { id: "c", map: Uint8Array.of(2, 2, 4, 5), fine: keys([9, 0, 0]), coarse: keys([5, 5, 5], [0, 1, 0], [6, 6, 6]) },
]);

test("the nearest crop is the one that shares most, at the level asked for", () => {
  expect(library.nearest("coarse", keys([5, 5, 5], [6, 6, 6]))).toMatchObject({ crop: { id: "c" }, iou: 2 / 3 });
  expect(library.nearest("fine", keys([0, 0, 0], [2, 0, 0]))).toMatchObject({ crop: { id: "a" }, iou: 2 / 3 });
});

test("the nearest map agrees in most cells", () => {
  expect(library.nearestMap(Uint8Array.of(2, 3, 4, 5)).id).toBe("a");
  expect(library.nearestMap(Uint8Array.of(0, 0, 8, 8)).id).toBe("b");
});

test("usual cells are those of more than half: half is not enough", () => {
  expect(library.usualCells).toEqual(keys([0, 0, 0], [0, 1, 0], [5, 5, 5]));
  const four = new TrainingLibrary([...library.crops, { ...library.crops[1]!, id: "d", coarse: keys([0, 0, 0]) }]);
  expect(four.usualCells).toEqual(keys([0, 0, 0]));
});
