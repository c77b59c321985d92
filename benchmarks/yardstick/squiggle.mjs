// Runs the yardstick in Squiggle and prints seconds and outcomes as JSON: node squiggle.mjs MODEL SAMPLES
import fs from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [model, samples, folder] = process.argv.slice(2);
const entry = createRequire(`${folder}/`).resolve("@quri/squiggle-lang");
const { run } = await import(pathToFileURL(entry));
const code = fs.readFileSync(model, "utf8");
const environment = { sampleCount: Number(samples), xyPointLength: 1000, seed: "1" };
const cpu = process.cpuUsage();
const output = await run(code, { environment });
const used = process.cpuUsage(cpu);
const result = output.result;
if (!result.ok) throw new Error(String(result.value));
console.log(JSON.stringify({ cpu_seconds: (used.user + used.system) / 1e6, outcome: String(result.value.result) }));
