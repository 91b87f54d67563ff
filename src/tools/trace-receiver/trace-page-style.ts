/** The largest depth that the page indents. Deeper spans have the same indent. */
export const MAX_INDENT = 16;

const indents = Array.from({ length: MAX_INDENT }, (_, at) => `.d${at + 1}{padding-left:${(at + 1) * 1.15}rem}`);

/** The colours are light or dark as in the system of the reader. A failure is red and has a sign, for readers who do not see red. */
export const TRACE_PAGE_STYLE = `
:root{color-scheme:light dark;--ground:#f5f6f8;--card:#fff;--ink:#1b2130;--soft:#667085;--line:#e4e7ec;--bar:#5b7cfa;
--llm:#e8912d;--cache:#2ba77a;--flow:#8b6fe8;--bad:#d92d20;--badsoft:#fee4e2;--track:#f0f2f6}
@media(prefers-color-scheme:dark){:root{--ground:#10131a;--card:#181c25;--ink:#e6e9ef;--soft:#8d97a8;--line:#2a303c;
--bar:#6c8cff;--llm:#f0a24b;--cache:#3fc492;--flow:#a68bff;--bad:#ff7b6e;--badsoft:#46201d;--track:#202530}}
*{box-sizing:border-box}
body{margin:0;padding:1.75rem 2rem 3rem;background:var(--ground);color:var(--ink);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header{max-width:76rem;margin:0 auto}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.4rem 1.6rem;margin-bottom:1.2rem}
h1{font-size:1.35rem;margin:0 auto 0 0;letter-spacing:-.01em}
.total b{font-size:1.05rem;font-variant-numeric:tabular-nums}.total,.soft{color:var(--soft)}.total b{color:var(--ink)}
details{background:var(--card);border:1px solid var(--line);border-radius:.6rem;margin-bottom:.8rem;overflow:hidden}
summary{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem 1.1rem;padding:.7rem 1rem;cursor:pointer}
summary:hover{background:var(--track)}
summary .name{font-weight:650;font-size:1rem;margin-right:auto;overflow-wrap:anywhere}
summary b,td.number{font-variant-numeric:tabular-nums}
.pill{border-radius:1rem;padding:0 .55rem;font-size:.78rem;line-height:1.5;white-space:nowrap;background:var(--track);color:var(--soft)}
.pill.bad{background:var(--badsoft);color:var(--bad);font-weight:600}
table{width:100%;border-collapse:collapse;border-top:1px solid var(--line);table-layout:fixed}
td{padding:.2rem .5rem;vertical-align:middle;border-top:1px solid var(--line)}
tr:first-child td{border-top:0}tr:hover td{background:var(--track)}
td:first-child{padding-left:1rem;width:44%}td:last-child{padding-right:1rem}
td.bar{width:36%}td.number{width:10%;text-align:right;white-space:nowrap}
.span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.span i{font-style:normal;color:var(--soft);font-size:.86em;margin-left:.45rem}
.failed .name{color:var(--bad);font-weight:600}.why{color:var(--bad);font-size:.86em;margin-left:.45rem}
svg{display:block;width:100%;height:.8rem}rect{fill:var(--bar)}.track{fill:var(--track)}
.llm rect.is{fill:var(--llm)}.cache rect.is{fill:var(--cache)}.flow rect.is{fill:var(--flow)}.failed rect.is{fill:var(--bad)}
.more,.empty{padding:.55rem 1rem;color:var(--soft);border-top:1px solid var(--line)}
.empty{border:1px dashed var(--line);border-radius:.6rem;padding:2.5rem;text-align:center}
a{color:inherit}h1 a,summary a{text-decoration:none}a:hover{text-decoration:underline}
${indents.join('')}`;
