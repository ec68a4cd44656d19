/** The look of the status page; every pair of colours has a contrast of at least 4.5 to 1. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #57606a;
  --line: #d4d9df; --yes: #116329; --no: #a40e26; --wait: #7a4d00; --needed: #bc4c00; --all: #6e7781; --focus: #0550ae }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f1318; --card: #181d24; --ink: #e6e9ed; --soft: #9aa4b0; --line: #323a44;
    --yes: #57d076; --no: #ff8a8a; --wait: #e8b339; --needed: #f0883e; --all: #8b949e; --focus: #79b8ff }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem }
header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; padding-top: .75rem }
h1 { font-size: 1rem; margin: 0 }
h2 { font-size: 1.05rem; margin: 0 0 .5rem }
header p, .note, footer { color: var(--soft); font-size: .875rem }
header p { margin: 0; overflow-wrap: anywhere }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; min-width: 0 }
.verdict p { margin: 0; padding: .5rem .9rem; border-left: .4rem solid; font-size: clamp(1.2rem, 3.5vw, 1.7rem); line-height: 1.3; font-weight: 650 }
.yes { color: var(--yes) } .no { color: var(--no) } .wait { color: var(--wait) }
.note { margin: .5rem 0 .75rem }
.scroll { overflow-x: auto; max-height: 32rem; overflow-y: auto }
.scroll:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400 }
thead th { position: sticky; top: 0; background: var(--card); color: var(--soft); font-weight: 600; white-space: nowrap }
tbody tr:last-child > * { border-bottom: 0 }
th:first-child, td:first-child { padding-left: 0 }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.nothing { color: var(--soft) }
.key, .message, .name { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; overflow-wrap: anywhere; min-width: 9rem }
.key { white-space: pre-wrap }
.key, code { font: .85rem/1.45 ui-monospace, monospace }
.message { min-width: 14rem; color: var(--soft) }
.time { white-space: nowrap; font-variant-numeric: tabular-nums }
.bad, .state.open { color: var(--no); font-weight: 600 }
.state.half-open { color: var(--wait); font-weight: 600 }
.state { white-space: nowrap }
.state.closed { color: var(--yes) }
small { color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem 1rem; margin: 0 }
dt { color: var(--soft); font-size: .8rem }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums }
.chart { margin: 0 0 .75rem }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; font-size: .875rem }
.most, .axis { color: var(--soft) }
svg { display: block; width: 100%; height: 6rem; border-bottom: 1px solid var(--line) }
.needed svg { fill: var(--needed) } .all svg { fill: var(--all) }
.axis { display: flex; justify-content: space-between; margin: 0; font-size: .8rem }
#contact { margin: 0 }
#contact:not(:empty) { position: sticky; top: 0; z-index: 1; background: var(--no); color: var(--ground); padding: .5rem 1rem; text-align: center; font-weight: 600 }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (max-width: 30rem) {
  section { padding: .75rem; margin: .75rem 0 }
  header, main, footer { padding-left: .6rem; padding-right: .6rem }
  dl { grid-template-columns: repeat(2, 1fr) }
  table, tbody, td, th { display: block }
  thead { display: none }
  tbody tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line) }
  tbody tr:last-child { border-bottom: 0 }
  .scroll th, .scroll td { padding: .1rem 0; border: 0; min-width: 0; text-align: left; overflow-wrap: anywhere; white-space: normal }
  th, .long, .nothing { grid-column: 1 / -1 }
  tbody th { font-weight: 600 }
  td[data-title]::before { content: attr(data-title) ': '; color: var(--soft) }
}
`;
