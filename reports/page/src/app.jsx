import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Details } from './details.jsx';
import { Help } from './help.jsx';
import { Picture } from './picture.jsx';
import { Promises, Rows, Story } from './lists.jsx';
import { after, seconds } from './run.js';

const LEVELS = ['changes', 'messages', 'everything'];
const STEPS_PER_SECOND = 6;

// The part of the run in which something happens: from a little before the first fault to a little after the end.
function firstView(run) {
  const fault = run.data.faults.find((one) => run.t[one.row] >= 0);
  const lines = run.story.filter((line) => line.t >= 0);
  const marks = run.marks.map((mark) => run.t[mark.row]);
  const from = Math.min(fault ? run.t[fault.row] : (lines[0]?.t ?? 0), ...marks);
  const to = Math.max(lines.at(-1)?.t ?? run.data.until, ...marks);
  const room = Math.max((to - from) * 0.12, 500000);
  return { from: Math.max(run.data.begins, from - room), to: Math.min(run.data.until, to + room) };
}

// Rows that the lists and the steps go through, ascending.
function useChosen(run, level, node, words) {
  const labels = useMemo(() => new Map(), [run]);
  return useMemo(() => {
    const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const out = [];
    const textOf = (i) => {
      let text = labels.get(i);
      if (text === undefined) {
        const facts = run.factsOf(i).map((fact) => `${fact.name} ${Object.values(fact.fields).join(' ')}`).join(' ');
        labels.set(i, text = `${run.nameOf(run.node[i])} ${run.label(i)} ${facts}`.toLowerCase());
      }
      return text;
    };
    for (let i = 0; i < run.count; i++) {
      // Words are looked for everywhere, whatever else is shown.
      if (wanted.length === 0 && run.level[i] > level) continue;
      if (node >= 0 && run.node[i] !== node && run.peer[i] !== node && !run.isFault(i)) continue;
      if (wanted.length > 0) {
        const text = textOf(i);
        if (!wanted.every((word) => text.includes(word))) continue;
      }
      out.push(i);
    }
    return Int32Array.from(out);
  }, [run, level, node, words]);
}

function rowOfAddress(run) {
  const found = /^#e(\d+)$/.exec(location.hash);
  return found && +found[1] >= 1 && +found[1] <= run.data.events ? run.rowOfEvent(+found[1]) : -1;
}

export function App({ run }) {
  const [row, setRow] = useState(() => Math.max(0, rowOfAddress(run) >= 0 ? rowOfAddress(run) : run.opening()));
  const [view, setView] = useState(() => firstView(run));
  const [level, setLevel] = useState(0);
  const [node, setNode] = useState(-1);
  const [words, setWords] = useState('');
  const [tab, setTab] = useState('story');
  const [playing, setPlaying] = useState(false);
  const [help, setHelp] = useState(false);
  const search = useRef(null);
  const chosen = useChosen(run, level, node, words);

  const show = (to) => {
    setView((now) => {
      const t = run.t[to];
      if (t >= now.from && t <= now.to) return now;
      const half = (now.to - now.from) / 2;
      return { from: t - half, to: t + half };
    });
  };
  const go = (to) => {
    const next = Math.max(0, Math.min(run.count - 1, to));
    setRow(next);
    show(next);
  };
  const step = (by) => {
    const at = by > 0 ? after(chosen, row) + by - 1 : after(chosen, row - 1) + by;
    if (chosen.length === 0) return false;
    go(chosen[Math.max(0, Math.min(chosen.length - 1, at))]);
    return at >= 0 && at < chosen.length;
  };
  const zoom = (by, around = run.t[row]) => setView((now) => {
    const span = Math.min(run.data.until - run.data.begins, Math.max(200, (now.to - now.from) * by));
    const part = Math.min(1, Math.max(0, (around - now.from) / (now.to - now.from)));
    return { from: around - span * part, to: around + span * (1 - part) };
  });
  const pan = (by) => setView((now) => ({ from: now.from + (now.to - now.from) * by, to: now.to + (now.to - now.from) * by }));
  const fit = () => setView({ from: run.data.begins, to: run.data.until });
  const line = (by) => {
    const rows = run.story.map((one) => one.row).sort((a, b) => a - b);
    const next = by > 0 ? rows.find((one) => one > row) : rows.findLast((one) => one < row);
    if (next !== undefined) go(next);
  };
  const mark = () => {
    const next = run.marks.find((one) => one.row > row) ?? run.marks[0];
    if (next) go(next.row);
  };

  useEffect(() => {
    if (run.isFault(row)) return;
    // A row has an address. Writing it must not fill the history.
    try { history.replaceState(null, '', `#e${run.number[row]}`); } catch { /* not from every origin */ }
  }, [row]);
  useEffect(() => {
    const moved = () => { const to = rowOfAddress(run); if (to >= 0) go(to); };
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => { if (!step(1)) setPlaying(false); }, 1000 / STEPS_PER_SECOND);
    return () => clearTimeout(timer);
  }, [playing, row, chosen]);
  useEffect(() => {
    const actions = {
      j: () => step(1), ArrowDown: () => step(1), ArrowRight: () => step(1),
      k: () => step(-1), ArrowUp: () => step(-1), ArrowLeft: () => step(-1),
      J: () => step(10), PageDown: () => step(10), K: () => step(-10), PageUp: () => step(-10),
      g: () => go(chosen[0] ?? 0), Home: () => go(chosen[0] ?? 0),
      G: () => go(chosen[chosen.length - 1] ?? row), End: () => go(chosen[chosen.length - 1] ?? row),
      n: () => line(1), N: () => line(-1), v: mark,
      c: () => { if (run.cause(row) >= 0) go(run.cause(row)); },
      ' ': () => setPlaying((now) => !now),
      '/': () => { search.current?.focus(); search.current?.select(); },
      f: () => setLevel((now) => (now + 1) % LEVELS.length),
      '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': fit,
      '[': () => pan(-0.25), ']': () => pan(0.25),
      '?': () => setHelp((now) => !now), Escape: () => setHelp(false),
    };
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const into = event.target.closest?.('input, select, button, summary, [role=tab]');
      // A slider and a button have their own keys; in a search everything is text.
      if (into?.matches('[type=search]')) {
        if (event.key === 'Escape') { setWords(''); into.blur(); }
        if (event.key === 'Enter') { step(1); }
        return;
      }
      if (into?.matches('select') || (into && (event.key === ' ' || event.key.startsWith('Arrow')))) return;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });

  const verdict = run.data.verdict === 'passed' ? 'PASS' : `FAIL: ${run.data.verdict}`;
  return (
    <>
      <header>
        <h1>{run.data.title || run.data.file}</h1>
        <strong class={run.data.verdict === 'passed' ? 'verdict good' : 'verdict bad'}>{run.data.verdict === 'passed' ? '✔ ' : '✖ '}{verdict}</strong>
        <span class="facts">
          {run.data.mode} mode · Kafka {run.data.kafka} rules · seed {run.data.seed} · {run.data.events.toLocaleString('en')} events
        </span>
        <button onClick={() => setHelp(true)} aria-haspopup="dialog">Keys <kbd>?</kbd></button>
      </header>
      <div class="tools" role="toolbar" aria-label="Steps, search and filter">
        <button onClick={() => step(-1)} aria-label="Previous step" title="Previous step (k)">◀</button>
        <button onClick={() => setPlaying(!playing)} aria-pressed={playing} class="play" title="Play (space)">{playing ? '❚❚ Pause' : '▶ Play'}</button>
        <button onClick={() => step(1)} aria-label="Next step" title="Next step (j)">▶</button>
        <input class="time" type="range" aria-label="Time" min={run.data.begins} max={run.data.until} step="1000" value={run.t[row]}
          aria-valuetext={`${seconds(run.t[row])} seconds, ${run.label(row)}`}
          onInput={(event) => go(after(run.t, +event.target.value) - 1)} />
        <output class="clock">{seconds(run.t[row])} s</output>
        <input ref={search} type="search" placeholder="Search, e.g. b2 isr  (/)" aria-label="Search events" value={words}
          onInput={(event) => { setWords(event.target.value); setTab('events'); }} />
        <label>Show <select value={level} onChange={(event) => setLevel(+event.target.value)}>
          {LEVELS.map((name, i) => <option key={name} value={i}>{name}</option>)}
        </select></label>
        <label>of <select value={node} onChange={(event) => setNode(+event.target.value)} aria-label="Of which node">
          <option value={-1}>all nodes</option>
          {run.nodes.map((one, i) => <option key={one.name} value={i}>{one.name}</option>)}
        </select></label>
        <span class="zoom"><button onClick={() => zoom(2)} aria-label="Show more time" title="(-)">−</button>
          <button onClick={() => zoom(0.5)} aria-label="Show less time" title="(+)">+</button>
          <button onClick={fit} title="The whole run (0)">All</button></span>
      </div>
      <main>
        <Picture {...{ run, row, view, level, node, go, zoom, pan }} wanted={words.trim() ? chosen : null} />
        <aside>
          <div role="tablist" aria-label="Lists" class="tabs">
            {[['story', 'Story'], ['events', `Events (${chosen.length.toLocaleString('en')})`], ['promises', 'Promises']].map(([id, name]) =>
              <button key={id} role="tab" id={`tab-${id}`} aria-selected={tab === id} aria-controls="list" onClick={() => setTab(id)}>{name}</button>)}
          </div>
          <div id="list" role="tabpanel" aria-labelledby={`tab-${tab}`}>
            {tab === 'story' && <Story {...{ run, row, go }} />}
            {tab === 'events' && <Rows {...{ run, row, go, chosen }} />}
            {tab === 'promises' && <Promises {...{ run, go }} />}
          </div>
          <Details {...{ run, row, go }} />
        </aside>
      </main>
      <div class="unseen" role="status" aria-live="polite">{seconds(run.t[row])} seconds, {run.nameOf(run.node[row])}: {run.label(row)}</div>
      {help && <Help close={() => setHelp(false)} />}
    </>
  );
}
