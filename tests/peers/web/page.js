// Hands the address's query to the worker and keeps what it reports for whoever drives this page.
const worker = new Worker("embed.js", { type: "module" });
worker.onmessage = ({ data }) => Object.assign(window, data);
worker.onerror = (event) => {
  window.failure = event.message || "the worker could not be started";
};
worker.postMessage(Object.fromEntries(new URLSearchParams(location.search)));
