// How <twill-search> looks. Every colour, length and font that a shop may want to change is a variable, see docs/embedding.md. It
// follows the page that it is in: its font, and by `color-scheme` its light or dark.

/** The variables for colours, with what they are by day and by night. */
const COLOURS = {
  "--twill-surface": ["#ffffff", "#1a1e28"],
  "--twill-sunk": ["#f1eee9", "#252a37"],
  "--twill-line": ["#d9d3c8", "#3b4254"],
  "--twill-text": ["#1b2030", "#eff0f4"],
  "--twill-text-soft": ["#565d70", "#adb4c5"],
  "--twill-accent": ["#2d4280", "#a9bbf5"],
  "--twill-on-accent": ["#ffffff", "#11162a"],
  "--twill-alert": ["#fbe9dc", "#3d2a1d"],
};

const own = (variable) => variable.replace("--twill-", "--");
const colours = (value) =>
  Object.entries(COLOURS)
    .map(([variable, [light, dark]]) => `${own(variable)}: var(${variable}, ${value(light, dark)});`)
    .join(" ");

const CSS = `
:host {
  display: block;
  container-type: inline-size;
  min-width: min(100%, 220px);
}

:host([hidden]),
[hidden] {
  display: none !important;
}

*,
::before,
::after {
  box-sizing: border-box;
}

.frame {
  ${colours((light, dark) => `light-dark(${light}, ${dark})`)}
  --radius: var(--twill-radius, 14px);
  --gap: var(--twill-gap, 16px);
  position: relative;
  display: grid;
  gap: var(--gap) calc(var(--gap) * 1.75);
  align-items: start;
  padding: var(--gap);
  border-radius: var(--radius);
  background: var(--surface);
  color: var(--text);
  font-family: var(--twill-font, inherit);
  font-size: 1rem;
  line-height: 1.45;
  text-align: start;
  box-shadow: inset 0 0 0 1px var(--line);
}

@supports not (color: light-dark(#000, #fff)) {
  .frame {
    ${colours((light) => light)}
  }
}

/* Nothing is seen before there are words, but its place is kept. */
.frame.wordless > * {
  visibility: hidden;
}

h2,
p,
ol {
  margin: 0;
  padding: 0;
}

ol {
  list-style: none;
}

h2 {
  font-size: 1.25rem;
  font-weight: 700;
  line-height: 1.25;
  text-wrap: balance;
}

.soft {
  color: var(--text-soft);
  font-size: 0.9375rem;
}

.visually-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.icon {
  flex: none;
  width: 1.25em;
  height: 1.25em;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.9;
  stroke-linecap: round;
  stroke-linejoin: round;
}

:focus-visible {
  outline: 3px solid var(--twill-focus, var(--accent));
  outline-offset: 2px;
}

/* The place for a photo. */
.intake {
  display: grid;
  gap: calc(var(--gap) * 0.75);
  justify-items: center;
  min-width: 0;
}

.frame.empty .intake {
  padding: calc(var(--gap) * 1.75) var(--gap);
  border: 2px dashed var(--line);
  border-radius: calc(var(--radius) * 0.75);
  text-align: center;
}

.lead {
  max-width: 44ch;
  text-wrap: balance;
}

.title + .lead {
  margin-top: -6px;
}

.photo {
  position: relative;
  width: fit-content;
  max-width: 100%;
  overflow: hidden;
  border-radius: calc(var(--radius) * 0.75);
  background: var(--sunk);
}

.photo img {
  display: block;
  max-width: 100%;
  max-height: 220px;
}

.photo.unseen {
  width: 100%;
  padding: calc(var(--gap) * 1.5) var(--gap);
  color: var(--text-soft);
  text-align: center;
}

.box {
  position: absolute;
  border: 2px dashed #fff;
  border-radius: 6px;
  box-shadow: 0 0 0 1px rgb(10 12 20 / 60%), 0 0 0 100vmax rgb(10 12 20 / 32%);
}

.buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  justify-content: center;
}

.button {
  display: inline-flex;
  gap: 8px;
  align-items: center;
  justify-content: center;
  min-height: 44px;
  padding: 9px 18px;
  border: 0;
  border-radius: var(--twill-button-radius, calc(var(--radius) * 0.75));
  background: var(--sunk);
  color: var(--text);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}

.button.primary {
  background: var(--accent);
  color: var(--on-accent);
}

@media (hover: hover) {
  .button:hover {
    box-shadow: 0 0 0 2px var(--line);
  }
}

/* A camera button makes sense where there is a finger. */
.touch-only {
  display: none;
}

@media (pointer: coarse) {
  .touch-only {
    display: inline-flex;
  }
}

.privacy {
  display: inline-flex;
  gap: 6px;
  align-items: center;
  font-size: 0.875rem;
}

.veil {
  position: absolute;
  inset: 4px;
  z-index: 1;
  display: grid;
  place-items: center;
  padding: var(--gap);
  border: 3px dashed var(--accent);
  border-radius: var(--radius);
  background: color-mix(in srgb, var(--surface) 92%, transparent);
  font-size: 1.25rem;
  font-weight: 700;
  text-align: center;
  pointer-events: none;
}

/* What came of it. */
.outcome {
  display: grid;
  gap: var(--gap);
  min-width: 0;
}

.track {
  height: 4px;
  overflow: hidden;
  border-radius: 2px;
  background: var(--sunk);
}

.done {
  height: 100%;
  border-radius: 2px;
  background: var(--accent);
}

.endless .done {
  width: 30%;
  animation: shuttle 1.4s ease-in-out infinite alternate;
}

[dir="rtl"] .endless {
  transform: scaleX(-1);
}

@keyframes shuttle {
  from {
    transform: translateX(-20%);
  }

  to {
    transform: translateX(255%);
  }
}

.progress .soft {
  margin-top: 6px;
  font-variant-numeric: tabular-nums;
}

.notice {
  display: grid;
  gap: 6px;
  justify-items: start;
  padding: var(--gap);
  border-radius: calc(var(--radius) * 0.75);
  background: var(--alert);
  overflow-wrap: anywhere;
}

.notice.calm {
  background: var(--sunk);
}

.notice .what {
  font-weight: 650;
}

.notice .button {
  margin-top: 6px;
  background: var(--surface);
}

.cards {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(var(--twill-card-width, 160px), 100% / 2 - var(--gap)), 1fr));
  gap: var(--gap);
}

.searching .cards {
  opacity: 0.55;
}

.card {
  position: relative;
  display: flex;
  flex-direction: column;
  min-width: 0;
  overflow: hidden;
  border-radius: calc(var(--radius) * 0.75);
  background: var(--surface);
  box-shadow: 0 0 0 1px var(--line);
}

.picture {
  aspect-ratio: var(--twill-picture-ratio, 3 / 4);
  background: var(--sunk);
}

.picture img {
  display: block;
  width: 100%;
  height: 100%;
  object-fit: var(--twill-picture-fit, cover);
}

.picture.lost img {
  visibility: hidden;
}

.words {
  display: grid;
  gap: 2px;
  padding: 10px 12px 12px;
  overflow-wrap: anywhere;
}

.name {
  font-weight: 600;
  line-height: 1.3;
}

.name > * {
  display: -webkit-box;
  overflow: hidden;
  padding: 0;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  text-align: inherit;
  text-decoration: none;
  text-wrap: balance;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 3;
}

/* The whole card can be pressed, and shows where the focus is. */
.choice {
  cursor: pointer;
}

.choice::after {
  content: "";
  position: absolute;
  inset: 0;
}

.choice:focus-visible {
  outline: none;
}

.card:has(.choice:focus-visible) {
  outline: 3px solid var(--twill-focus, var(--accent));
  outline-offset: 2px;
}

@media (hover: hover) {
  .card:has(.choice):hover {
    box-shadow: 0 0 0 2px var(--accent);
  }

  .card:has(.choice):hover .name > * {
    text-decoration: underline;
  }
}

.price {
  font-variant-numeric: tabular-nums;
}

.likeness {
  color: var(--text-soft);
  font-size: 0.875rem;
}

/* Both buttons beside each other on a phone. */
@container (width < 620px) {
  .frame:not(.empty) .buttons > .button {
    flex: 1 1 auto;
    padding-inline: 10px;
  }
}

@container (width >= 620px) {
  .frame:not(.empty) {
    grid-template-columns: minmax(180px, 28%) minmax(0, 1fr);
  }

  .frame:not(.empty) .intake {
    position: sticky;
    top: var(--gap);
  }

  .photo img {
    max-height: 380px;
  }
}

@media (prefers-reduced-motion: reduce) {
  .endless .done {
    width: 100%;
    animation: none;
    opacity: 0.5;
  }
}
`;

let sheet;

/** One sheet for every element of the page. It is made by a program, which a Content-Security-Policy lets pass. */
export function style() {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
