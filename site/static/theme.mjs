// @ts-check
/**
 * What each page begins with. Light, dark, or as the system has it: the choice of the reader, kept for the next visit.
 * And whether a script of it cannot be had. It imports nothing at once: that might be what is missing.
 */

const KEY = "vademecum theme";
const CHOICES = ["system", "light", "dark"];

/** Storage may be forbidden (a privacy setting): then the choice lasts for this page. */
function remembered() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept && CHOICES.includes(kept) ? kept : "system";
  } catch {
    return "system";
  }
}

/** @param {string} choice */
function remember(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    return;
  }
}

/** @param {string} choice */
function apply(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}

/** A script of the page that cannot be had is told at once. Its element alone hears of it, and may have heard before this ran. */
function watchScripts() {
  const tell = () => document.documentElement.classList.add("lacking");
  addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && tell(), true);
  const named = [...document.querySelectorAll("script[src], link[rel=modulepreload]")].map((/** @type {any} */ one) => one.src || one.href);
  const asked = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
  if (asked.some(({ name, responseStatus }) => responseStatus >= 400 && named.includes(name))) tell();
}

async function offerChoice() {
  const language = await import("./language.mjs").catch(() => null); // that it is missing is told
  const button = document.getElementById("theme");
  const name = document.getElementById("theme-name");
  if (!button || !name || !language) return;
  const { say } = language;
  let choice = remembered();
  const show = () => {
    name.textContent = say(choice[0].toUpperCase() + choice.slice(1));
    button.setAttribute("aria-label", say("Colours: {0}. Change", name.textContent));
  };
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    apply(choice);
    remember(choice);
    show();
  });
  show();
  button.hidden = false;
}

watchScripts();
apply(remembered());
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", offerChoice);
else offerChoice();
