import { definePlugin, defineRunCommand } from "../../cli/plugin";

export default definePlugin({
  name: "train",
  summary: "Train the five models",
  commands: [
    defineRunCommand({
      name: "train",
      summary: "Train the models of a recipe, with whatever they need before",
      until: "train-texfm",
    }),
  ],
  stages: [
    () => import("./stages/train-structvae").then((m) => m.trainStructvae),
    () => import("./stages/train-texvae").then((m) => m.trainTexvae),
    () => import("./stages/encode-latents").then((m) => m.encodeLatents),
    () => import("./stages/train-classsfm").then((m) => m.trainClasssfm),
    () => import("./stages/train-latentsfm").then((m) => m.trainLatentsfm),
    () => import("./stages/train-texfm").then((m) => m.trainTexfm),
  ],
});
