import { describe, expect, test } from "bun:test";
import type { UserError } from "../../../cli/errors";
import { parseLatLon } from "./coordinates";

const refusal = (text: string): UserError => {
  try {
    parseLatLon(text);
  } catch (error) {
    return error as UserError;
  }
  throw new Error(`${text} was taken`);
};

describe("LAT,LON", () => {
  const good: [string, number, number][] = [
    ["43.7384,7.4246", 43.7384, 7.4246],
    ["-33.86,151.2", -33.86, 151.2],
    ["-.5, -0.25", -0.5, -0.25],
    ["−33.86°,151.2°", -33.86, 151.2], // a true minus, as maps print it
    ["+60,-170", 60, -170],
    ["90,180", 90, 180],
  ];
  for (const [text, lat, lon] of good) test(text, () => expect(parseLatLon(text)).toEqual({ lat, lon }));

  const bad: [string, string][] = [
    ["151.2,-33.86", "they are swapped"],
    ["-122.68,45.52", "they are swapped"],
    ["95,100", "95 is no latitude"],
    ["45,200", "200 is no longitude"],
    ["200,45", "200 is no latitude"],
    ["43,7384,7,4246", "no pair of coordinates"],
    ["43.7384 7.4246", "no pair of coordinates"],
    ["43°44'18\"N,7°25'28\"E", "no pair of coordinates"],
    ["0x10,5", "no pair of coordinates"],
    ["1e1,5", "no pair of coordinates"],
    [",", "no pair of coordinates"],
    ["", "no pair of coordinates"],
  ];
  for (const [text, message] of bad)
    test(`${text || "nothing"}: ${message}`, () => {
      expect(refusal(text).what).toContain(message);
      expect(refusal(text).exit).toBe(2);
    });

  test("the swapped pair is written the right way round", () => expect(refusal("-122.68,45.52").fix).toBe("write 45.52,-122.68"));
});
