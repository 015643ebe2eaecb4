// @ts-check
/**
 * What each page begins with. Light, dark, or as the system has it: the choice of the reader, kept for the next visit.
 * And a script that cannot be had is told at once: its element alone hears of it.
 */

import { say } from "./language.mjs";

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

function offerChoice() {
  const button = document.getElementById("theme");
  const name = document.getElementById("theme-name");
  if (!button || !name) return;
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

addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && document.documentElement.classList.add("lacking"), true);
apply(remembered());
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", offerChoice);
else offerChoice();
