/** The plugins that come with earthcraft: folders with an `index.ts` and a `plugin.json`, below the root of the installation. */
export const builtinPlugins: readonly string[] = [
  "cli/commands",
  "cli/setup",
  "plugins/dataset",
  "plugins/models",
  "plugins/train",
  "plugins/sample",
  "plugins/extend",
  "plugins/eval",
  "plugins/view",
];
