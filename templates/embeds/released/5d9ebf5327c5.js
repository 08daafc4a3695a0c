/* <syndicated-feed category="…"> or portal="…": a block of news in the page that loads this file.
   It asks only the site it was loaded from, sends no cookie, keeps nothing, and copies from the answer nothing but the
   tags and attributes named below, so that no answer can run a script here. What stands between the element's tags is
   shown until the news is there, and stays where the news cannot be had. */
(() => {
  "use strict";
  if (customElements.get("syndicated-feed")) return;
  const HOME = new URL(".", document.currentScript.src);
  const OPTIONS = ["layout", "number", "images", "dates", "lang", "theme", "accent", "background", "text"];
  const EVERY = 15 * 60 * 1000;
  const PATIENCE = 10 * 1000;
  const ANY = ["class", "lang", "role", "aria-label", "aria-hidden", "tabindex"];
  const TAGS = {
    section: [], div: [], h2: [], h3: [], p: [], ul: [], li: [], span: [],
    a: ["href"],
    img: ["loading", "decoding", "referrerpolicy", "width", "height", "alt", "src"],
    input: ["type"],
    time: ["datetime"],
  };
  const VARIABLE = /(--sf-(?:(?:light|dark)-[a-z]+|count)):(#[0-9a-f]{6}|[0-9]{1,2})(?:;|$)/g;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host{display:block}:host([hidden]){display:none}" + ".syndicated-feed, .sf-light, .sf-dark, .sf-auto {--sf-paper: var(--sf-light-paper, #ffffff);--sf-tint: var(--sf-light-tint, #f3efe7);--sf-ink: var(--sf-light-ink, #211d19);--sf-soft: var(--sf-light-soft, #5e564d);--sf-rule: var(--sf-light-rule, #ddd6ca);--sf-accent: var(--sf-light-accent, #97191d);}.sf-light { color-scheme: light; }.sf-dark {color-scheme: dark;--sf-paper: var(--sf-dark-paper, #181513);--sf-tint: var(--sf-dark-tint, #26221e);--sf-ink: var(--sf-dark-ink, #ece6dd);--sf-soft: var(--sf-dark-soft, #b6ada1);--sf-rule: var(--sf-dark-rule, #3d3731);--sf-accent: var(--sf-dark-accent, #f3a296);}@supports (color: light-dark(#fff, #000)) {.sf-auto {--sf-paper: light-dark(var(--sf-light-paper, #ffffff), var(--sf-dark-paper, #181513));--sf-tint: light-dark(var(--sf-light-tint, #f3efe7), var(--sf-dark-tint, #26221e));--sf-ink: light-dark(var(--sf-light-ink, #211d19), var(--sf-dark-ink, #ece6dd));--sf-soft: light-dark(var(--sf-light-soft, #5e564d), var(--sf-dark-soft, #b6ada1));--sf-rule: light-dark(var(--sf-light-rule, #ddd6ca), var(--sf-dark-rule, #3d3731));--sf-accent: light-dark(var(--sf-light-accent, #97191d), var(--sf-dark-accent, #f3a296));}}.syndicated-feed {display: block;box-sizing: border-box;container-type: inline-size;padding: 0.9em 1.1em 0.8em;background: var(--sf-paper);color: var(--sf-ink);border-top: 3px solid var(--sf-accent);border-bottom: 1px solid var(--sf-rule);line-height: 1.6;text-align: start;overflow-wrap: break-word;}.syndicated-feed * { box-sizing: border-box; }.syndicated-feed :where(h1, h2, h3, p, ul, li) { margin: 0; padding: 0; }.syndicated-feed :where(a) { color: inherit; text-decoration: none; text-underline-offset: 0.2em; text-decoration-thickness: 1px; }.syndicated-feed a:hover { color: var(--sf-accent); text-decoration: underline; }.syndicated-feed :focus-visible { outline: 3px solid var(--sf-accent); outline-offset: 2px; border-radius: 2px; }.sf-title { font-size: 1.0625em; font-weight: 700; line-height: 1.5; color: var(--sf-accent); }.sf-stories { list-style: none; }.sf-headline { font-family: var(--sf-headline-font, inherit); font-size: 1.0625em; font-weight: 600; line-height: 1.5; text-wrap: pretty; }.sf-summary { margin-top: 0.35em; max-width: 48em; font-size: 0.9375em; line-height: 1.6; text-wrap: pretty; }.sf-byline { margin-top: 0.45em; font-size: 0.8125em; line-height: 1.6; color: var(--sf-soft); }.sf-byline time { white-space: nowrap; }.sf-byline a { text-decoration: underline; text-decoration-color: var(--sf-rule); }.sf-byline a:hover { text-decoration-color: currentcolor; }.sf-picture { display: block; background: var(--sf-tint); overflow: hidden; }.sf-picture img { display: block; width: 100%; height: 100%; object-fit: cover; }.sf-window, .sf-words, .sf-foot { position: relative; }.sf-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }.sf-foot { display: flex; flex-wrap: wrap; gap: 0.15em 1.25em; justify-content: space-between; align-items: baseline; padding-top: 0.7em; border-top: 1px solid var(--sf-rule); font-size: 0.8125em; }.sf-all a { color: var(--sf-accent); font-weight: 600; font-size: 1.077em; }.sf-all a::after { content: \"\\00a0→\" / \"\"; }.sf-by { color: var(--sf-soft); }.sf-by a { text-decoration: underline; text-decoration-color: var(--sf-rule); }.sf-none { padding-block: 0.7em; color: var(--sf-soft); }.sf-list .sf-story, .sf-headlines .sf-story { padding-block: 0.75em; }.sf-list .sf-story + .sf-story, .sf-headlines .sf-story + .sf-story { border-top: 1px solid var(--sf-rule); }.sf-list .sf-story { display: flex; gap: 0.9em; justify-content: space-between; }.sf-list .sf-picture { order: 1; flex: none; width: 6em; height: 4.5em; margin-top: 0.3em; }.sf-list .sf-words { flex: 1 1 0; min-width: 0; }.sf-list .sf-summary { display: none; }@container (min-width: 36em) {.sf-list .sf-story { gap: 1.5em; padding-block: 0.95em; }.sf-list .sf-picture { width: 9.6em; height: 6em; }.sf-list .sf-summary { display: block; }}.sf-cards .sf-stories { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15em, 100%), 1fr)); gap: 1.5em; padding-block: 0.7em 1.2em; }.sf-cards .sf-story { max-width: 34em; }.sf-cards .sf-words:first-child { padding-top: 0.7em; border-top: 2px solid var(--sf-rule); }.sf-cards .sf-picture { aspect-ratio: 16 / 9; margin-bottom: 0.7em; }.sf-headlines .sf-headline { font-weight: 500; }.sf-headlines .sf-byline { margin-top: 0.2em; }.sf-ticker { padding-block: 0.6em; }.sf-ticker .sf-line { display: flex; align-items: center; gap: 0.75em; }.sf-ticker .sf-title { flex: none; max-width: 38%; }.sf-ticker .sf-window { flex: 1 1 0; min-width: 0; overflow-x: auto; padding-block: 0.2em; scrollbar-width: thin; }.sf-ticker .sf-stories { display: flex; gap: 2.5em; width: max-content; }.sf-ticker .sf-words { display: flex; gap: 0.75em; align-items: baseline; white-space: nowrap; }.sf-ticker .sf-headline { font-size: 1em; }.sf-ticker .sf-byline { margin-top: 0; }.sf-ticker .sf-foot { padding-top: 0.3em; border-top: 0; }.sf-ticker .sf-stop { display: none; }@container (max-width: 32em) {.sf-ticker .sf-line { flex-wrap: wrap; gap: 0.1em 0.75em; }.sf-ticker .sf-title { flex: 1 1 0; max-width: none; }.sf-ticker .sf-window { flex-basis: 100%; }}@media (prefers-reduced-motion: no-preference) {.sf-ticker .sf-stop { display: grid; place-items: center; flex: none; width: 2em; height: 2em; margin: 0; appearance: none; border: 1px solid var(--sf-soft); border-radius: 50%; background: transparent; color: var(--sf-ink); font: inherit; cursor: pointer; }.sf-ticker .sf-stop::before { content: \"\"; width: 0.6em; height: 0.7em; border-inline: 0.2em solid; }.sf-ticker .sf-stop:checked::before { width: 0; height: 0; margin-left: 0.15em; border: 0.4em solid transparent; border-left: 0.6em solid; border-right: 0; }.sf-ticker .sf-stop:not(:checked) ~ .sf-window:not(:focus-within) { overflow: hidden; mask-image: linear-gradient(to right, transparent, #000 1.5em calc(100% - 1.5em), transparent); }.sf-ticker .sf-stop:not(:checked) ~ .sf-window:not(:focus-within) .sf-stories { animation: sf-run calc(var(--sf-count, 5) * 10s) linear infinite; }.sf-ticker .sf-window:hover .sf-stories { animation-play-state: paused !important; }}@keyframes sf-run {0%, 2% { transform: translateX(1.5em); }88% { transform: translateX(-100%); }88.01% { transform: translateX(100cqi); }100% { transform: translateX(1.5em); }}");

  const fits = (name, value) => {
    if (name === "href" || name === "src") return /^https?:\/\//i.test(value);
    return name !== "type" || value === "checkbox";
  };

  const copy = (from) => {
    if (from.nodeType === Node.TEXT_NODE) return document.createTextNode(from.data);
    const own = from.nodeType === Node.ELEMENT_NODE && Object.hasOwn(TAGS, from.localName) && TAGS[from.localName];
    if (!own) return document.createTextNode("");
    const to = document.createElement(from.localName);
    for (const { name, value } of from.attributes) {
      if ((ANY.includes(name) || own.includes(name)) && fits(name, value)) to.setAttribute(name, value);
    }
    if (from.localName === "img") {
      // A page may forbid pictures of other sites; then the words have the room.
      to.addEventListener("error", () => (to.closest(".sf-picture") || to).remove());
    }
    to.append(...[...from.childNodes].map(copy));
    return to;
  };

  class SyndicatedFeed extends HTMLElement {
    static observedAttributes = ["category", "portal", ...OPTIONS];
    #root = this.attachShadow({ mode: "open" });
    #asked = null;
    #again = 0;
    #due = false;

    connectedCallback() {
      if (!this.#root.hasChildNodes()) {
        this.#root.adoptedStyleSheets = [sheet];
        this.#root.append(document.createElement("slot"));
      }
      this.#again = setInterval(() => document.hidden || this.#load(), EVERY);
      this.#soon();
    }

    disconnectedCallback() {
      clearInterval(this.#again);
      if (this.#asked) this.#asked.abort();
    }

    attributeChangedCallback() {
      this.#soon();
    }

    get address() {
      const portal = this.getAttribute("portal");
      const name = portal ? `portals/${encodeURIComponent(portal)}` : encodeURIComponent(this.getAttribute("category") || "all");
      const address = new URL(`embed/${name}.html?for=element`, HOME);
      for (const option of OPTIONS) if (this.hasAttribute(option)) address.searchParams.set(option, this.getAttribute(option));
      return address.href;
    }

    #soon() {
      if (this.#due || !this.isConnected) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        if (this.isConnected) this.#load();
      });
    }

    #load() {
      if (this.#asked) this.#asked.abort();
      // It gives a document in which nothing runs, and pages that demand Trusted Types allow it.
      const asked = (this.#asked = new XMLHttpRequest());
      asked.open("GET", this.address);
      asked.responseType = "document";
      asked.timeout = PATIENCE;
      asked.onload = () => {
        const block = asked.status === 200 && asked.response && asked.response.querySelector(".syndicated-feed");
        if (block) this.#show(block);
      };
      asked.send();
    }

    #show(block) {
      const news = copy(block);
      for (const [, name, value] of (block.dataset.style || "").matchAll(VARIABLE)) news.style.setProperty(name, value);
      this.#root.replaceChildren(news);
    }
  }
  customElements.define("syndicated-feed", SyndicatedFeed);
})();
