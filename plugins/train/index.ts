import { definePlugin, defineRunCommand } from "../../cli/plugin";

export default definePlugin({
  name: "train",
  summary: "Train the five models",
  commands: [
    defineRunCommand({
      name: "train",
      summary: "train one model of a recipe, or all, with whatever they need before",
      pick: {
        argument: "model",
        summary: "texvae, structvae, classsfm, latentsfm, texfm or all",
        stages: {
          texvae: "train-texvae",
          structvae: "train-structvae",
          classsfm: "train-classsfm",
          latentsfm: "train-latentsfm",
          texfm: "train-texfm",
        },
      },
      examples: [
        "earthcraft train texvae recipes/quickstart.yaml",
        "earthcraft train all recipes/quickstart.yaml --set train-texvae.training.steps=100",
      ],
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
