/** Of the page: colours of the reader's choice, black on white on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5a6474; --paper: #fff; --line: #d9dee6; --shade: #f4f6f9; --link: #0b5cad;
  --good: #1a6b3c; --bad: #b3261e; --doubtful: #8a5a00; --dataset: #dcecf8; --model: #e6f3e2; --export: #f8ebd7; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --paper: #14181f; --line: #343c48; --shade: #1d232c;
  --link: #7fb8f0; --good: #7fd09d; --bad: #ff9a91; --doubtful: #e8bd6b; --dataset: #1d3a52; --model: #22402a; --export: #4a3818; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 75rem; padding: 1.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0; } p { margin: .35rem 0; } a { color: var(--link); }
.none, .about { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin-top: .75rem; }
article { margin: 1rem 0 1.75rem; }
article:target, tr:has(:target) { outline: 2px solid var(--link); outline-offset: 6px; }
.columns { font-size: .85rem; max-width: 65rem; }
code { font: .9em/1.4 ui-monospace, monospace; }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .28rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); max-width: 32rem; }
td { overflow-wrap: break-word; } th { background: var(--shade); font-weight: 600; white-space: nowrap; overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .time { white-space: nowrap; }
.status { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); } .doubtful { color: var(--doubtful); }
svg { display: block; max-width: 100%; height: auto; min-width: 32rem; }
svg text { font: 12.5px system-ui, sans-serif; fill: var(--ink); } svg .kind { font-size: 10px; fill: var(--soft); }
svg .line { fill: none; stroke: var(--soft); stroke-width: 1.3; } svg rect { stroke: var(--line); }
.dataset rect { fill: var(--dataset); } .model rect { fill: var(--model); } .export rect { fill: var(--export); }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; } a { color: inherit; text-decoration: none; }
  .wide { overflow: visible; } svg { min-width: 0; } table { font-size: 8pt; width: 100%; } th, td { padding: 2pt 4pt; }
  thead { display: table-header-group; } tr, svg { break-inside: avoid; } h2, h3 { break-after: avoid; }
  svg rect, th { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .time, .number, th { white-space: normal; } }
`;
