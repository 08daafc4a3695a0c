(() => {
  // Inside the frame: tells the page around it, and only that page, how high the block is. That page asks first.
  let told = 0;
  addEventListener("message", (event) => {
    if (event.source !== parent || event.data !== "syndicated-feed:height" || told++) return;
    const block = document.querySelector("main");
    new ResizeObserver(() => {
      parent.postMessage({ syndicatedFeedHeight: block.getBoundingClientRect().height }, event.origin);
    }).observe(block);
  });
})();
