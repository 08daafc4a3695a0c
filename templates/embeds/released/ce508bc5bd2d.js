/* Fits frames with blocks of news to what they hold. Reads and sends nothing else. */
(() => {
  "use strict";
  const home = new URL(".", document.currentScript.src);
  const ours = () => [...document.querySelectorAll("iframe")].filter((frame) => frame.src.startsWith(home.href));
  // The question says nothing, so it may go to whatever stands in the frame; the answer must come from our address.
  const ask = (frame) => frame.contentWindow.postMessage("syndicated-feed:height", "*");
  addEventListener("message", (event) => {
    if (event.origin !== home.origin) return;
    const frame = ours().find((one) => one.contentWindow === event.source);
    const height = Number(event.data && event.data.syndicatedFeedHeight);
    if (frame && height > 0) frame.style.height = `${Math.min(Math.max(Math.ceil(height), 60), 6000)}px`;
  });
  const begin = () => {
    for (const frame of ours()) {
      frame.addEventListener("load", () => ask(frame));
      ask(frame);
    }
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
})();
