// `npm run lesson -- NAME [options]`: runs a lesson of the catalog; without a name it lists them.

import { catalog } from "./catalog.ts";
import { usualLanguage } from "./shared/options.ts";
import type { Parts } from "./shared/start.ts";
import { start } from "./shared/start.ts";

const [name, ...args] = process.argv.slice(2);
const lang = usualLanguage(process.env);
const width = Math.max(...catalog.map((lesson) => lesson.name.length));
const list = catalog.map((lesson) => `  ${lesson.name.padEnd(width)}  ${lesson.title[lang]}`).join("\n");

if (name === undefined || name === "--help" || name === "-h") {
  console.log(
    lang === "zh"
      ? `npm run lesson -- 课名 [选项]\n\n${list}\n\n在课名后加 --help 可查看这一课的选项。`
      : `npm run lesson -- NAME [options]\n\n${list}\n\n--help after a name lists the options of that lesson.`,
  );
} else if (!catalog.some((lesson) => lesson.name === name)) {
  const names = catalog.map((lesson) => lesson.name).join(", ");
  process.stderr.write(`error: there is no lesson '${name}'; there are ${names}\n`);
  process.exitCode = 2;
} else {
  const { readOptions } = (await import(`./${name}/options.ts`)) as Pick<Parts<object>, "readOptions">;
  await start({ readOptions, load: () => import(`./${name}/run.ts`) }, `npm run lesson -- ${name}`, args);
}
