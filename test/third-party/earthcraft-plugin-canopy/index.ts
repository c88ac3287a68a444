/** A package of somebody else's: a command and a metric, by nothing but the public interface. */
import { defineCommand, defineMetric, definePlugin } from "earthcraft/cli/plugin";

const greenShare = defineMetric({
  name: "green_share",
  title: "green voxels",
  async measure({ drawn }) {
    const { share } = await import("./green");
    return share(drawn.rgb);
  },
});

const canopy = defineCommand({
  name: "canopy",
  summary: "say whether colours are green",
  args: { colours: { summary: "colours as #rrggbb", kind: "variadic" } },
  async run({ args, result }) {
    const { parse, share } = await import("./green");
    const green = share(parse(args.colours));
    result({ green }, `${Math.round(100 * green)} % green`);
  },
});

export default definePlugin({ name: "canopy", summary: "How green scenes are", commands: [canopy], metrics: [greenShare] });
