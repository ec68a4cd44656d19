/** What the report looks like beyond the status page: its bars, its failures, and paper. */
export const REPORT_STYLE = `
:root { --moved: #0550ae }
@media (prefers-color-scheme: dark) { :root { --moved: #6cb0ff } }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
h3::first-letter { text-transform: uppercase }
h3 small { font-weight: 400 }
h4 { font-size: .9rem; margin: 1rem 0 .25rem; font-weight: 600 }
.advice { margin: 0; color: var(--soft) }
.moved svg { fill: var(--moved) } .failed-part { fill: var(--no) }
.shares > svg { height: 1.5rem; border: 0; margin: .25rem 0 1rem }
.part-copied { fill: var(--yes) } .part-skipped { fill: var(--all) } .part-failed { fill: var(--no) }
.part-deleted { fill: var(--needed) } .part-planned { fill: var(--moved) }
.swatch { display: inline-block; width: .7rem; height: .7rem; margin-right: .35rem; border: 0; border-radius: .15rem }
#facts { margin-top: 1rem }
.axis { gap: 1rem; flex-wrap: wrap; margin-bottom: 1rem }
.id { font: .8rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
@media print {
  :root { color-scheme: light; --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb;
    --yes: #116329; --no: #a40e26; --wait: #7a4d00; --needed: #bc4c00; --all: #6e7781; --moved: #0550ae }
  body { font-size: 9.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact }
  header, main, footer { max-width: none; padding: 0 }
  section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: .75rem 0 0 }
  .scroll { max-height: none; overflow: visible }
  thead th { position: static }
  tr, figure, dl > div { break-inside: avoid }
  h2, h3, h4 { break-after: avoid }
  .key, .message, .name { -webkit-line-clamp: none; display: block }
}
`;
