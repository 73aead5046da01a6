"use strict";
for (const walk of document.querySelectorAll(".walk")) {
  const choice = walk.querySelector("select");
  const slider = walk.querySelector("input");
  const output = walk.querySelector("output");
  const note = walk.querySelector(".note");
  const all = Array.from(walk.querySelectorAll(".frames"));
  const show = () => {
    const frames = all[Number(choice.value)];
    const strengths = frames.dataset.strengths.split(" ").map(Number);
    const step = Number(slider.value);
    for (const each of all) each.hidden = each !== frames;
    const share = (-100 * step) / strengths.length;
    frames.querySelector("img").style.transform = `translateY(${share}%)`;
    const value = strengths[step];
    const text = (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value);
    output.textContent = text;
    slider.setAttribute("aria-valuetext", `${frames.dataset.name} ${text}`);
    note.textContent = frames.dataset.note;
  };
  choice.addEventListener("change", show);
  slider.addEventListener("input", show);
  walk.hidden = false;
  show();
}
