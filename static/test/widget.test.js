// The widget's parts that need no browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused } from "../src/js/widget/api.js";
import { pieces } from "../src/js/widget/dom.js";
import { Outbox } from "../src/js/widget/outbox.js";
import { readFileSync } from "node:fs";
import { day, nearest, t, use } from "../src/js/widget/text.js";
import { contrast, readable, textOn } from "../src/js/widget/theme.js";

test("web addresses become links, the punctuation after them does not", () => {
  assert.deepEqual(pieces("See https://a.example/x?y=1. Or (http://b.example/z)!"),
    ["See ", { href: "https://a.example/x?y=1" }, ". Or (", { href: "http://b.example/z" }, ")!"]);
});

test("nothing but http and https becomes a link", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "see example.com", "https://", "<b>bold</b>"]) {
    assert.deepEqual(pieces(text), [text]);
  }
});

test("text on every accent colour can be read", () => {
  for (const color of ["#000000", "#ffffff", "#2557d6", "#f2c94c", "#8a4b2a", "#00aa55", "#ff0000", "#777777"]) {
    assert.ok(contrast(color, textOn(color)) >= 4.5, color);
    assert.ok(contrast(readable(color, "#ffffff"), "#ffffff") >= 4.5, `${color} on light`);
    assert.ok(contrast(readable(color, "#1b1d22"), "#1b1d22") >= 4.5, `${color} on dark`);
  }
});

test("a colour that can be read stays as it is", () => assert.equal(readable("#2557d6", "#ffffff"), "#2557d6"));

const THERE = ["en", "es", "hi", "id", "pt-BR", "ar"];
globalThis.document ??= { documentElement: {} };
use("en", JSON.parse(readFileSync(new URL("../../config/widget/en.json", import.meta.url), "utf8")));

test("the nearest language is found", () => {
  assert.equal(nearest(["pt-PT", "en"], THERE), "pt-BR");
  assert.equal(nearest(["ES-mx"], THERE), "es");
  assert.equal(nearest([null, "xx", "hi-IN"], THERE), "hi");
  assert.equal(nearest(["xx"], THERE), "en");
});

test("words are filled in and unknown ones are left", () => {
  assert.equal(t("typing", { name: "Sari" }), "Sari is typing");
  assert.equal(t("no such sentence"), "no such sentence");
});

test("days are counted by the calendar, not by 24 hours", () => {
  const now = new Date(2026, 2, 1, 0, 5);
  assert.equal(day(new Date(2026, 2, 1, 0, 1), now), "Today");
  assert.equal(day(new Date(2026, 1, 28, 23, 59), now), "Yesterday");
  assert.notEqual(day(new Date(2026, 1, 27, 23, 59), now), "Yesterday");
});

function outbox(send, kept = new Map()) {
  const store = { get: (key) => kept.get(key) ?? null, set: (key, value) => (value === null ? kept.delete(key) : kept.set(key, value)) };
  return new Outbox(store, "box", send, () => {});
}

test("messages leave in the order they were written, one at a time", async () => {
  const sent = [];
  let busy = 0;
  const box = outbox(async (entry) => {
    assert.equal(++busy, 1);
    await new Promise((done) => setImmediate(done));
    busy -= 1;
    sent.push(entry.text);
  });
  await Promise.all([box.add({ text: "one" }), box.add({ text: "two" }), box.add({ text: "three" })]);
  assert.deepEqual(sent, ["one", "two", "three"]);
});

test("without a line a message waits, outlives the page, and goes out under the same id", async () => {
  const kept = new Map();
  const first = outbox(async () => { throw new Refused(0, ""); }, kept);
  await first.add({ text: "hello" });
  clearTimeout(first.timer);
  const [{ client_id: id, state }] = first.list;
  assert.equal(state, "waiting");
  const sent = [];
  const second = outbox(async (entry) => sent.push(entry.client_id), kept);
  await second.again();
  assert.deepEqual(sent, [id]);
  assert.equal(second.list[0].state, "sent");
  second.arrived(new Set([id]));
  assert.equal(kept.size, 0);
});

test("what the helpdesk refuses is shown as failed and does not hold up the rest", async () => {
  const sent = [];
  const box = outbox(async (entry) => {
    if (entry.text === "bad") throw new Refused(422, "Too long.");
    sent.push(entry.text);
  });
  await Promise.all([box.add({ text: "bad" }), box.add({ text: "good" })]);
  await new Promise((done) => setTimeout(done, 5));
  assert.deepEqual(box.list.map((one) => [one.state, one.error]), [["failed", "Too long."], ["sent", undefined]]);
  assert.deepEqual(sent, ["good"]);
});
