// Shows the block as soon as something is chosen, and copies. Without it, the form's button does the same.
(() => {
  "use strict";
  const form = document.querySelector(".choices");
  let asked = null;

  const dress = () => {
    for (const button of document.querySelectorAll(".copy")) button.hidden = false;
    const frame = document.querySelector(".preview iframe");
    const fit = () => {
      const block = frame.contentDocument && frame.contentDocument.querySelector("main");
      if (block) new ResizeObserver(() => (frame.style.height = `${block.offsetHeight}px`)).observe(block);
    };
    frame.addEventListener("load", fit);
    fit();
  };

  const show = async () => {
    if (!form.checkValidity()) return;
    const address = new URL(location.pathname, location.href);
    address.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    if (asked) asked.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(address, { signal: asked.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = [...document.querySelectorAll(".snippet[open]")].map((one) => one.id);
      const fresh = document.importNode(page.getElementById("result"), true);
      for (const one of fresh.querySelectorAll(".snippet")) one.open = open.includes(one.id);
      document.getElementById("result").replaceWith(fresh);
      history.replaceState(null, "", address);
      dress();
    } catch (trouble) {
      if (trouble.name !== "AbortError") form.submit();
    }
  };

  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const code = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(code.value);
    } catch {
      code.select();
      document.execCommand("copy");
    }
    const before = button.textContent;
    if (before === button.dataset.done) return;
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = before), 2000);
  });
  dress();
})();
