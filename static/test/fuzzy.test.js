import assert from "node:assert/strict";
import test from "node:test";
import { best, score } from "../src/js/lib/fuzzy.js";

const named = (...words) => words.map((one) => ({ words: one }));

test("what does not have all letters in their order does not fit", () => {
  assert.equal(score("Resolve", "rx"), 0);
  assert.equal(score("Resolve", "vr"), 0);
  assert.ok(score("Resolve", "rsv") > 0);
});

test("beginnings of words come before letters from the middle", () => {
  const found = best(named("Unassigned", "Assign to somebody", "Settings"), "as", 5).map((one) => one.words);
  assert.equal(found[0], "Assign to somebody");
  assert.ok(found.includes("Unassigned"));
});

test("the first letters of several words find them", () => {
  assert.equal(best(named("Assistant topics", "Agents and teams", "Articles"), "at", 5)[0].words, "Assistant topics");
  assert.equal(best(named("Hours and promises", "Help centre"), "hc", 5)[0].words, "Help centre");
});

test("case and accents do not matter", () => {
  assert.ok(score("Señal de teléfono", "senal telefono") > 0.5);
});

test("without a query everything is there, as it was given", () => {
  assert.deepEqual(best(named("b", "a"), "", 5).map((one) => one.words), ["b", "a"]);
});

test("what is only in the detail counts for half", () => {
  const found = best([{ words: "Hours", detail: "when you are open" }, { words: "Open tickets" }], "open", 5);
  assert.equal(found[0].words, "Open tickets");
  assert.equal(found.length, 2);
});
