// @ts-check
/** The page in the first of the visitor's languages that is shipped: what the builder has marked, and what scripts say. */

/** Beside English, which stands in the page. @type {Record<string, "ltr" | "rtl">} */
const SHIPPED = { de: "ltr", ar: "rtl" };
const names = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
const language = names.find((name) => name === "en" || name in SHIPPED) ?? "en";
/** @type {Promise<Record<string, string>>} */
const loading = language === "en" ? Promise.resolve({}) : import(`./${language}.mjs`).then(({ texts }) => texts).catch(() => ({}));

// At once, before the search is built: it speaks the language of its page.
document.documentElement.lang = language;
document.documentElement.dir = SHIPPED[language] ?? "ltr";
// Documents may be in a language that the page itself does not speak.
document.querySelector("vademecum-search")?.setAttribute("prefer", JSON.stringify({ lang: navigator.language }));
const texts = await loading;

/** @param {string} text in English, which is its name @param {(string | number)[]} values for `{0}`, `{1}` */
export function say(text, ...values) {
  return (texts[text] ?? text).replace(/\{(\d)\}/gu, (_, at) => values[at].toLocaleString(language));
}

function translate() {
  for (const node of document.querySelectorAll("[data-say]")) {
    const text = node.getAttribute("data-say") || node.textContent || "";
    node.textContent = say(text, ...JSON.parse(node.getAttribute("data-values") ?? "[]"));
  }
  for (const node of document.querySelectorAll("[data-bytes]")) {
    const size = Number(node.getAttribute("data-bytes"));
    const [unit, bytes] = size < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
    node.textContent = (size / bytes).toLocaleString(language, { style: "unit", unit, maximumFractionDigits: 1 });
  }
  const written = /** @type {const} */ ({ dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  for (const time of document.querySelectorAll("time")) time.textContent = `${new Date(time.dateTime).toLocaleString(language, written)} UTC`;
}

if (language !== "en") {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", translate);
  else translate();
}
