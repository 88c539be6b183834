// ajv, strict, on the files under schemas/ as they lie there: each compiles, and every reference is found by `$id`.
const fs = require("fs");
const path = require("path");
const Ajv = require("ajv/dist/2020");

const folder = process.argv[2];
const files = fs.readdirSync(folder).filter((name) => name.endsWith("_schema.json"));
const documents = files.map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")));
const ajv = new Ajv({ strict: true, allErrors: true });
const own = new Set();
const collect = (value) => {
  if (Array.isArray(value)) value.forEach(collect);
  else if (value && typeof value === "object")
    for (const [key, member] of Object.entries(value)) {
      if (key.startsWith("x-")) own.add(key);
      collect(member);
    }
};
documents.forEach(collect);
own.forEach((key) => ajv.addKeyword(key));
documents.forEach((document) => ajv.addSchema(document));
let count = 0;
documents.forEach((document, number) => {
  for (const name of Object.keys(document.$defs)) {
    ajv.compile({ $ref: `${files[number]}#/$defs/${name}` });
    count += 1;
  }
});
if (count < 100) throw new Error(`only ${count} definitions`);
console.log(`${count} definitions of ${files.length} files compile`);
