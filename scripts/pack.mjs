// Runs around `npm pack` and `npm publish` in a package's folder. In the repository a package exports its
// TypeScript sources, which Node runs as they are; what is published exports the files built from them.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const manifest = readFileSync("package.json", "utf8");
if (process.argv[2] === "prepare") {
  writeFileSync("package.json", manifest.replace(/"\.\/src\/([^"]+)\.ts"/g, '"./dist/$1.js"'));
  copyFileSync("../../LICENSE", "LICENSE");
} else {
  writeFileSync("package.json", manifest.replace(/"\.\/dist\/([^"]+)\.js"/g, '"./src/$1.ts"'));
  rmSync("LICENSE", { force: true });
}
