// What the page does by itself: it shows the policies and scenes that its reader asks for. Scales
// stay, so that pictures can be compared before and after.

/** Runs in the page, as it stands. Without it everything is shown, and there is no form. */
export const FILTER_SCRIPT = `
"use strict";
const form = document.getElementById("filters");
const hidden = document.head.appendChild(document.createElement("style"));
const articles = [...document.querySelectorAll("article")];
const choices = [...form.querySelectorAll("select")];
const boxes = [...form.querySelectorAll("input[type=checkbox]")];
function show() {
  const off = boxes.filter((box) => !box.checked).map((box) => box.value);
  hidden.textContent = off.map((place) =>
    ":root{--policy-" + place + ":transparent!important}" +
    "[data-policy='" + place + "']{display:none}").join("");
  for (const article of articles) {
    article.hidden = choices.some(({ name, value }) =>
      value !== "" && article.dataset[name] !== "" && article.dataset[name] !== value);
  }
  for (const section of document.querySelectorAll("section[id]")) {
    const isEmpty = [...section.querySelectorAll("article")].every(({ hidden }) => hidden);
    section.hidden = isEmpty;
    document.querySelector("nav a[href='#" + section.id + "']").parentElement.hidden = isEmpty;
  }
  const shown = articles.filter((article) => !article.hidden).length;
  document.getElementById("shown").textContent = shown + " of " + articles.length + " plots, " +
    (boxes.length - off.length) + " of " + boxes.length + " policies";
}
function all(checked) {
  for (const box of boxes) box.checked = checked;
  show();
}
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("none").addEventListener("click", () => all(false));
document.getElementById("everything").addEventListener("click", () => {
  for (const choice of choices) choice.value = "";
  all(true);
});
form.hidden = false;
show();
`;
