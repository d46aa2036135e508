// Which of a few commands fit what was typed: all of its letters in their order, better the nearer they stand to the
// beginning of a word and to each other. Case and accents do not matter.

export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// 0 for what does not fit; otherwise the more the better, 1 at most.
export function score(text, query) {
  const where = fold(text), wanted = fold(query).replace(/\s+/g, "");
  if (!wanted) return 1;
  let at = -1, points = 0, first = -1;
  for (const letter of wanted) {
    const next = where.indexOf(letter, at + 1);
    if (next < 0) return 0;
    const begins = nextWord(where, letter, at + 1);
    const taken = next === at + 1 && at >= 0 ? next : begins >= 0 ? begins : next;
    points += taken === at + 1 && at >= 0 ? 1 : begins === taken ? 0.9 : 0.2;
    if (first < 0) first = taken;
    at = taken;
  }
  return (points / wanted.length) * (1 - Math.min(first, 40) / 200) * (1 - Math.min(where.length, 100) / 1000);
}

function nextWord(where, letter, from) {
  for (let at = where.indexOf(letter, from); at >= 0; at = where.indexOf(letter, at + 1)) if (at === 0 || /[^\p{L}\p{N}]/u.test(where[at - 1])) return at;
  return -1;
}

// The best of them, in the order they were given where they fit equally well. Without a query: all, as they are.
export function best(commands, query, most) {
  if (!query) return commands.slice(0, most * 3);
  return commands.map((command, index) => ({ command, index, points: Math.max(score(command.words, query), score(command.detail ?? "", query) * 0.5) }))
    .filter(({ points }) => points > 0.15).sort((a, b) => b.points - a.points || a.index - b.index).slice(0, most).map(({ command }) => command);
}
