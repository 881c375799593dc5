"use strict";

// Starts the self-hosted API browser; a file of its own because the pages allow no inline script.
window.addEventListener("DOMContentLoaded", () => {
  const node = document.getElementById("swagger-ui");
  window.SwaggerUIBundle({ domNode: node, url: node.dataset.openapi, deepLinking: true, validatorUrl: null });
});
