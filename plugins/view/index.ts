import { definePlugin } from "../../cli/plugin";
import { viewCommand } from "./command";
import { view } from "./stage";

export default definePlugin({ name: "view", summary: "scenes as pictures, PLY, GLB and GeoTIFF", commands: [viewCommand], stages: [view] });
