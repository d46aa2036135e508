// soon(act, signal) → a function that runs act() a moment after the last call, yet not more often than once a second.

const PAUSE = 150;
const CALM = 1000;

export function soon(act, signal) {
  let timer;
  let last = 0;
  const run = () => { last = Date.now(); act().catch(() => {}); };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, Math.max(PAUSE, last + CALM - Date.now()));
  };
}
