// Runs before the page is drawn: takes the reader's language, so that no other one flashes up.
"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    if (window.localStorage.getItem("service-index-language") === "en") {
      root.lang = "en";
    }
  } catch (refused) {
    // A browser may keep nothing for files; then each page begins in Vietnamese.
  }
})();
