/** What the other plugins may import of `earth`. */
export * from "./camera";
export * from "./classes";
export * from "./frame";
export * from "./geoid";
export * from "./georeference";
export * from "./geotiff";
export * from "./lattice";
export type { Mat4, Vec3 } from "./vector";
