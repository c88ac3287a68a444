/** Preloaded into a program under test: writes down which modules and native libraries it has loaded by its end. */
import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  const libraries = [...new Set(readFileSync("/proc/self/maps", "utf8").match(/\/\S+\.(?:so[.\d]*|node)$/gm))];
  writeFileSync(process.env.EARTHCRAFT_TEST_LOADED!, JSON.stringify({ modules: Object.keys(require.cache), libraries }));
});
