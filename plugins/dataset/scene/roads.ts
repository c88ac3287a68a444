/** OpenStreetMap's ways that no car drives on. */
const NOT_DRIVEN = new Set(["track", "path", "footway", "cycleway", "bridleway", "steps", "pedestrian", "corridor", "platform"]);

/** @param highway value of the tag */
export const isDriven = (highway: string) => !NOT_DRIVEN.has(highway);
