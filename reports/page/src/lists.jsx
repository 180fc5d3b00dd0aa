import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { seconds } from './run.js';
import { after } from './run.js';

const HIGH = 22;

// Scrolls what is current into sight, without animation.
function useInSight(key) {
  const place = useRef(null);
  useEffect(() => { place.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' }); }, [key]);
  return place;
}

export function Story({ run, row, go }) {
  const current = run.story.reduce((best, line, i) => (line.row <= row && (best < 0 || line.row >= run.story[best].row) ? i : best), -1);
  const place = useInSight(current);
  return (
    <div class="scroll" ref={place}>
      {run.data.about && <p class="about">{run.data.about}</p>}
      <ol class="story">
        {run.story.map((line, i) => (
          <li key={i} aria-current={i === current ? 'step' : undefined}>
            <button class={`line ${line.ink}`} onClick={() => go(line.row)}>
              <span class="t">{seconds(line.t)}</span><span class="who">{line.who}</span>
              <span>{line.what}{line.why && <em> {line.why}</em>}</span>
            </button>
          </li>
        ))}
      </ol>
      <Outcome {...{ run }} />
    </div>
  );
}

function Outcome({ run }) {
  const { data } = run, met = data.expectations.filter((one) => one.met).length;
  return (
    <section class="outcome" aria-label="What came of it">
      <p><strong>{data.verdict === 'passed' ? 'PASS' : `FAIL: ${data.verdict}`}</strong> {met} of {data.expectations.length} expectations · {data.score}</p>
      {data.proofs.map((text, i) => <pre key={i}>{text}</pre>)}
      {data.complaints.map((text, i) => <p key={i}>{text}</p>)}
      {data.losses && <p>{data.losses}</p>}
      {data.clients.map((text, i) => <p key={i}>{text}</p>)}
      <p>fingerprint {data.fingerprint}{data.defects.length > 0 && ` · planted: ${data.defects.join(', ')}`}</p>
      <p>again: <code>{data.repeat}</code></p>
    </section>
  );
}

// Only the rows in sight are there: a hundred thousand scroll as one.
export function Rows({ run, row, go, chosen }) {
  const place = useRef(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(300);
  const index = after(chosen, row) - 1;
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(() => setHeight(place.current.clientHeight));
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    const list = place.current, y = index * HIGH;
    if (y < list.scrollTop) list.scrollTop = y;
    else if (y + HIGH > list.scrollTop + list.clientHeight) list.scrollTop = y + HIGH - list.clientHeight;
  }, [index, chosen, height]);
  const first = Math.max(0, Math.floor(top / HIGH) - 5), end = Math.min(chosen.length, Math.ceil((top + height) / HIGH) + 5);
  const items = [];
  for (let i = first; i < end; i++) {
    const id = chosen[i];
    items.push(
      <div key={id} id={`row-${id}`} role="option" aria-selected={id === row} aria-setsize={chosen.length} aria-posinset={i + 1}
        class={`event level${run.level[id]}${run.isFault(id) ? ' fault' : ''}`} style={{ top: `${i * HIGH}px` }} onClick={() => go(id)}>
        <span class="t">{seconds(run.t[id])}</span><span class="who">{run.isFault(id) ? 'FAULT' : run.nameOf(run.node[id])}</span>
        <span class="what">{run.label(id)}{run.level[id] === 0 && !run.isFault(id) && <em> {[...new Set(run.factsOf(id).map((fact) => fact.name))].join(', ')}</em>}</span>
      </div>);
  }
  return (
    <div class="scroll rows" ref={place} role="listbox" tabIndex={0} aria-label="Events"
      aria-activedescendant={`row-${row}`} onScroll={(event) => setTop(event.target.scrollTop)}>
      <div style={{ height: `${chosen.length * HIGH}px` }}>{items}</div>
      {chosen.length === 0 && <p class="about">Nothing of that kind. Escape in the search shows all again.</p>}
    </div>
  );
}

export function Promises({ run, go }) {
  const word = (one) => (one.held ? (one.exposures > 0 ? '✔ held' : '– not exposed') : one.expected ? '✖ broken as expected' : one.promised ? '✖ BROKEN' : '✖ broken, as known of this version');
  const rank = (one) => (one.held ? (one.exposures > 0 ? 1 : 2) : 0);
  const rows = run.data.invariants.map((one, i) => ({ ...one, promise: run.data.promises[i] })).sort((a, b) => rank(a) - rank(b));
  return (
    <div class="scroll">
      <ul class="promises">
        {rows.map((one) => {
          const mark = run.marks.find((found) => found.name === one.name);
          return (
            <li key={one.name} class={one.held ? (one.exposures > 0 ? '' : 'dim') : 'bad'}>
              <strong>{one.name}</strong> <span class="word">{word(one)}{one.exposures > 0 && ` · put to the test ${one.exposures.toLocaleString('en')} ×`}</span>
              <p>{one.promise}</p>
              {mark && <p>{one.what} <button onClick={() => go(mark.row)}>go to {seconds(run.t[mark.row])} s</button></p>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
