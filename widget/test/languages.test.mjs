// Every language says all that English says, with the same gaps to fill and the plural forms that the language has.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import test from "node:test";
import { root } from "../build.mjs";
import { LANGUAGES } from "../demo/playground/options.js";

const read = async (code) => JSON.parse(await readFile(`${root}languages/${code}.json`, "utf8"));
const english = await read("en");
const codes = (await readdir(`${root}languages`)).map((file) => file.replace(".json", "")).filter((code) => code !== "en").sort();

/** Names in braces, such as `{count}`. */
const gapsIn = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const COUNTED = /^(\w+)_(zero|one|two|few|many|other)$/;
const namesCounted = Object.keys(english).filter((key) => key.endsWith("_other")).map((key) => key.replace(/_other$/, ""));
const isCounted = (key) => namesCounted.includes(COUNTED.exec(key)?.[1]);

/** Words that these languages share with English. */
const SHARED = {
  de: ["region", "code"], fr: ["log", "sources", "region", "code", "email"], es: ["region"], it: ["region", "email"], nl: ["region", "code", "email"],
  pl: ["email"], pt: ["region", "email"],
};

test("ten languages stand beside English, and the playground offers them all", () => {
  assert.equal(codes.length, 10);
  assert.deepEqual(["en", ...codes].sort(), Object.keys(LANGUAGES).sort());
});

for (const code of ["en", ...codes]) {
  const rules = new Intl.PluralRules(code);
  const { pluralCategories } = rules.resolvedOptions();

  test(`${code} has the labels of English and the plural forms of its own`, async () => {
    const plain = Object.keys(english).filter((key) => !isCounted(key));
    const counted = namesCounted.flatMap((name) => pluralCategories.map((category) => `${name}_${category}`));
    assert.deepEqual(Object.keys(await read(code)).sort(), [...plain, ...counted].sort());
  });

  test(`${code} fills the same gaps, and leaves nothing empty or in English`, async () => {
    for (const [key, text] of Object.entries(await read(code))) {
      assert.ok(typeof text === "string" && text !== "" && text.trim() === text, `${key} is empty or has spaces around it`);
      if (isCounted(key)) continue;
      assert.deepEqual(gapsIn(text), gapsIn(english[key]), key);
      const mayBeEnglish = code === "en" || SHARED[code]?.includes(key) || gapsIn(text).length > 0;
      assert.ok(mayBeEnglish || text !== english[key], `${key} is still English`);
    }
  });

  test(`${code} says the number in each plural form that stands for more than one`, async () => {
    const texts = await read(code);
    const counts = Array.from({ length: 1001 }, (_, count) => count);
    for (const name of namesCounted) {
      for (const category of pluralCategories) {
        const meant = counts.filter((count) => rules.select(count) === category);
        const text = texts[`${name}_${category}`];
        // A form for exactly one or two may say so in words; one that only stands for fractions and millions says its number, too.
        if (meant.length !== 1) assert.match(text, /\{count\}/, `${name}_${category} stands for ${meant.slice(0, 3)}…`);
        assert.deepEqual(gapsIn(text).filter((gap) => gap !== "count"), [], `${name}_${category}`);
      }
    }
  });
}

test("texts read as their language is written: no straight quotes, no three dots", async () => {
  for (const code of codes) {
    for (const [key, text] of Object.entries(await read(code))) assert.doesNotMatch(text, /\.\.\.|"|'/, `${code} ${key}: ${text}`);
  }
});
