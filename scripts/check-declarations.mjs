// `npm run check:declarations`: builds, and compiles the tests of types against the declarations that are published. The
// bundler renames types that share a name; this is what notices when it renames one too many.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const root = new URL("..", import.meta.url);
const folder = new URL("node_modules/.cache/declarations/", root);
const tests = new URL("packages/flambeau/test/types/", root);

/** What a test may import: all of it is in the public interface under the same names. */
const isPublic = /^\.\.\/\.\.\/src\/(?:index|ops\/index|tensor\/tensor)\.ts$/;

execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", "ignore", 2] });
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
cpSync(new URL("packages/flambeau/dist/", root), new URL("flambeau/", folder), { recursive: true });
writeFileSync(new URL("package.json", folder), '{ "type": "module" }\n');
cpSync(new URL("expect.ts", tests), new URL("expect.ts", folder));
const files = [];
for (const name of readdirSync(tests).filter((f) => f.endsWith(".test-d.ts"))) {
  const source = readFileSync(new URL(name, tests), "utf8");
  const imports = [...source.matchAll(/from "(\.\.\/[^"]+)"/g)].map((m) => m[1]);
  if (!imports.every((path) => isPublic.test(path))) continue;
  const file = name.replace(".test-d.ts", ".ts");
  writeFileSync(
    new URL(file, folder),
    source.replace(/from "\.\.\/\.\.\/src\/[^"]+"/g, 'from "./flambeau/index.js"'),
  );
  files.push(file);
}
writeFileSync(
  new URL("tsconfig.json", folder),
  JSON.stringify({
    extends: "../../../tsconfig.base.json",
    compilerOptions: { isolatedDeclarations: false, declaration: false, skipLibCheck: true },
    files,
  }),
);
const tsc = new URL("node_modules/.bin/tsc", root);
execFileSync(tsc.pathname, ["-p", new URL("tsconfig.json", folder).pathname], { stdio: "inherit" });
console.log(
  `${files.length} files of type tests compile against the published declarations: ${files.join(", ")}`,
);
