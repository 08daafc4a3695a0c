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
  sheet.replaceSync(":host{display:block}:host([hidden]){display:none}" + "STYLE");

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
