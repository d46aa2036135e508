// The apps of this phone, as the demo describes them: {name, shop, about, can, limit, trouble}.

const root = document.querySelector("[data-phone]");
export const APPS = Object.fromEntries(JSON.parse(root.dataset.apps));

// One to press for each way in which the assistant ends a message: {what, text, locale}.
export const QUESTIONS = JSON.parse(root.dataset.questions);

export const can = (app, what) => APPS[app].can.includes(what);
