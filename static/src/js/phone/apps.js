// The apps of this phone, as the demo describes them: {name, shop, about, can, limit, trouble}.

const root = document.querySelector("[data-phone]");
export const APPS = Object.fromEntries(JSON.parse(root.dataset.apps));

export const can = (app, what) => APPS[app].can.includes(what);
