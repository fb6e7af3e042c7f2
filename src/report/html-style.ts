// The style sheet of the page: light and dark by the reader's setting, wide and narrow screens, and paper.

/** Eight colours that most eyes can tell apart, each with a contrast of at least 3:1 against its background. */
const SERIES = [
  ['#1f66c4', '#6eabf8'],
  ['#b8520a', '#f19a55'],
  ['#0b7f62', '#45c4a3'],
  ['#7f46bd', '#bd98f0'],
  ['#967008', '#dcb84e'],
  ['#bf2f63', '#f383a8'],
  ['#4d5a6b', '#aab6c4'],
  ['#477816', '#9ac95c'],
] as const;

const LIGHT = `color-scheme:light;--paper:#fff;--ink:#1a2029;--soft:#566170;--faint:#e3e7ec;--line:#9aa4b1;--wash:#f5f7f9;--good:#0b6b44;--bad:#b3261e;--band:#1f66c433;${SERIES.map(([light], index) => `--s${index}:${light};`).join('')}`;
const DARK = `color-scheme:dark;--paper:#12161c;--ink:#e6eaf0;--soft:#a3aebb;--faint:#2a313b;--line:#66717f;--wash:#191f27;--good:#5fd09c;--bad:#ff8f85;--band:#6eabf844;${SERIES.map(([, dark], index) => `--s${index}:${dark};`).join('')}`;

/** The whole style sheet. The page's policy allows it by hash and allows no other. */
export const STYLE = `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:1240px;margin:0 auto;padding:0 24px}
header{padding-top:44px}
.kicker{margin:0;color:var(--soft);font-size:14px}
h1{margin:6px 0 0;font-size:17px;font-weight:600}
.verdict{margin:14px 0 0;max-width:30em;font-size:27px;line-height:1.3;font-weight:600;letter-spacing:-.012em;text-wrap:pretty}
.more{margin:10px 0 0;max-width:46em;font-size:17px;color:var(--ink);text-wrap:pretty}
.proof{display:flex;gap:10px;align-items:baseline;margin:18px 0 0;padding:10px 14px;border:1px solid var(--faint);border-left:4px solid var(--good);border-radius:4px;background:var(--wash);max-width:62em}
.proof strong{white-space:nowrap;color:var(--good)}
.proof.broken{border-left-color:var(--bad)}.proof.broken strong{color:var(--bad)}
.proof.client-only,.proof.partial{border-left-color:var(--line)}.proof.client-only strong,.proof.partial strong{color:var(--soft)}
.problems{margin:8px 0 0;padding-left:1.2em;color:var(--bad);overflow-wrap:anywhere}
section{margin-top:44px}
h2{margin:0 0 4px;padding-top:14px;border-top:1px solid var(--faint);font-size:20px;letter-spacing:-.01em}
h2+p,.note{margin:0 0 14px;font-size:15px;max-width:62em;color:var(--soft);text-wrap:pretty}
.table{overflow-x:auto;margin:14px 0 26px;border-radius:4px}
.table:focus-visible,summary:focus-visible{outline:2px solid var(--s0);outline-offset:2px}
table{border-collapse:collapse;font-size:14px;line-height:1.4}
caption{padding:0 0 6px;text-align:left;font-weight:600;white-space:nowrap}
caption span{display:inline-block;position:sticky;left:0;max-width:calc(100vw - 32px);white-space:normal}
th,td{padding:6px 22px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--faint)}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-weight:500;vertical-align:bottom;border-bottom-color:var(--line)}
tbody th{font-weight:600;white-space:nowrap;position:sticky;left:0;background:var(--paper)}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
th.long-name{min-width:11em;white-space:normal;max-width:20em;overflow-wrap:anywhere}
td{overflow-wrap:break-word}
tr.group th{white-space:normal;padding-top:14px;color:var(--soft);font-weight:500;position:static}
tr.group span{position:sticky;left:0}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 44px;margin-top:18px}
figure{display:grid;grid-template-rows:subgrid;grid-row:span 3;align-content:start;margin:0 0 34px;min-width:0;break-inside:avoid}
figcaption h3{margin:0;font-size:16px;overflow-wrap:anywhere}
figcaption p{margin:2px 0 8px;font-size:14px;color:var(--soft);text-wrap:pretty;overflow-wrap:anywhere}
figure>svg{display:block;width:100%;height:auto;overflow:visible}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 10px;align-self:end;padding:0;list-style:none;font-size:13px;overflow-wrap:anywhere}
.legend li{display:flex;gap:6px;align-items:center;min-width:0}
.legend svg{flex:none;width:24px;height:8px}
svg text{fill:var(--ink);font-size:12px;font-family:inherit}
svg .tick,svg .name{fill:var(--soft);font-variant-numeric:tabular-nums}
svg .row{font-weight:600}svg .value{font-variant-numeric:tabular-nums}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}
.grid,.guide{stroke:var(--faint);stroke-width:1}
.axis{stroke:var(--line);stroke-width:1}
.line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.thin{stroke-width:1;opacity:.4}
.dashed{stroke-dasharray:5 4}.again{stroke-dasharray:2 4}
${SERIES.map((_, index) => `.s${index}{color:var(--s${index})}`).join('')}
.ideal{color:var(--soft);stroke-dasharray:2 5}
.dot{fill:var(--s0);fill-opacity:.72;stroke:var(--paper);stroke-width:.8}
.dot.hollow{fill:var(--paper);fill-opacity:1;stroke:var(--s0);stroke-width:1.4}
.bad-dot{fill:none;stroke:var(--bad);stroke-width:2}
.interval{fill:var(--band)}
.median{stroke:var(--ink);stroke-width:2}
.floor{fill:var(--soft)}
.floor-line{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.busy{fill:currentColor;fill-opacity:.28;stroke:currentColor;stroke-width:1}
pre{margin:12px 0;padding:12px 14px;overflow-x:auto;border-radius:4px;background:var(--wash);border:1px solid var(--faint);font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
details{margin:8px 0}
summary{cursor:pointer;font-weight:600;padding:4px 0}
footer{margin-top:48px;padding-bottom:48px;color:var(--soft);font-size:14px}
footer p{border-top:1px solid var(--faint);padding-top:14px}
@media (max-width:820px){.figures{grid-template-columns:minmax(0,1fr)}figure>svg{max-width:600px}}
@media (max-width:560px){main,header,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}.verdict{font-size:21px}.more{font-size:16px}.proof{flex-direction:column;gap:2px}svg text{font-size:13.5px}td.long{min-width:20em}}
@media print{:root{${LIGHT}}body{font-size:11px}main,header,footer{max-width:none;padding:0}.verdict{font-size:19px}.more{font-size:13px}.figures{gap:0 24px;grid-template-columns:repeat(2,minmax(0,1fr))}h2+p,.note{font-size:11px}figure{margin-bottom:18px}section{margin-top:22px}h2,figcaption{break-after:avoid}.table{overflow:visible;margin:8px 0 16px}table{font-size:9px}tr{break-inside:avoid}th,td{padding:3px 6px 3px 0}tbody th{position:static}.number{white-space:normal}figcaption h3{font-size:13px}figcaption p,.legend{font-size:10px}h2{font-size:16px}pre{font-size:10px}@page{margin:14mm}}
`;
