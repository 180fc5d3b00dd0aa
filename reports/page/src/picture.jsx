import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { GUTTER, layoutOf, paintCursor, paintScene, rowAt, sceneOf, tonesOf } from './paint.js';
import { seconds } from './run.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

export function Picture({ run, row, view, level, node, wanted, go, zoom, pan }) {
  const box = useRef(null), below = useRef(null), above = useRef(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [theme, setTheme] = useState(dark.matches);
  const [hover, setHover] = useState(-1);
  const scene = useMemo(() => sceneOf(run), [run]);
  const layout = useMemo(() => layoutOf(scene, size.height), [scene, size.height]);
  const tone = useMemo(() => (box.current ? tonesOf(box.current) : {}), [theme, size]);
  const drag = useRef(null);

  useLayoutEffect(() => {
    const measure = () => setSize({ width: box.current.clientWidth, height: box.current.clientHeight });
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(box.current);
    const themed = () => setTheme(dark.matches);
    dark.addEventListener('change', themed);
    return () => { watcher.disconnect(); dark.removeEventListener('change', themed); };
  }, []);
  useEffect(() => {
    if (!size.width) return;
    const set = wanted && new Set(wanted);
    const mayShow = (i) => (node < 0 || run.node[i] === node || run.peer[i] === node) && (!set || set.has(i));
    paintScene(below.current, { run, scene, layout, view, width: size.width, tone, level: set ? 2 : level, wanted: mayShow });
  }, [run, scene, layout, view, size, tone, level, node, wanted]);
  useEffect(() => {
    if (size.width) paintCursor(above.current, { run, layout, view, width: size.width, tone, row, hover });
  }, [run, layout, view, size, tone, row, hover]);

  const at = (event) => {
    const place = above.current.getBoundingClientRect();
    return [event.clientX - place.left, event.clientY - place.top];
  };
  const near = (event) => rowAt({ run, layout, view, width: size.width }, ...at(event), (i) => run.level[i] <= level);
  const wheel = (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return pan(Math.sign(event.deltaX || event.deltaY) * 0.08);
    const part = (at(event)[0] - GUTTER) / (size.width - GUTTER - 8);
    return zoom(event.deltaY > 0 ? 1.25 : 0.8, view.from + (view.to - view.from) * Math.min(1, Math.max(0, part)));
  };
  useEffect(() => {
    const canvas = above.current;
    canvas.addEventListener('wheel', wheel, { passive: false });
    return () => canvas.removeEventListener('wheel', wheel);
  });
  const moved = (event) => {
    if (!drag.current) return setHover(near(event));
    const [x] = at(event);
    if (Math.abs(x - drag.current.began) > 3) drag.current.far = true;
    pan((drag.current.x - x) / (size.width - GUTTER));
    drag.current.x = x;
    return undefined;
  };
  const released = (event) => {
    const wasFar = drag.current?.far;
    drag.current = null;
    const found = wasFar ? -1 : near(event);
    if (found >= 0) go(found);
  };
  const hint = hover >= 0 ? `${seconds(run.t[hover])} s  ${run.nameOf(run.node[hover])}: ${run.label(hover)}` : '';
  return (
    <section class="picture" ref={box} aria-label="Lanes of the nodes over time">
      <canvas ref={below} style={{ width: `${size.width}px`, height: `${layout.height}px` }} role="img"
        aria-label={`Lanes of ${run.nodes.length} nodes from ${seconds(view.from)} to ${seconds(view.to)} seconds. The list of the story says the same in words.`} />
      <canvas ref={above} class="above" title={hint} aria-hidden="true" style={{ width: `${size.width}px`, height: `${layout.height}px` }}
        onPointerDown={(event) => { const [x] = at(event); drag.current = { began: x, x, far: false }; }}
        onPointerMove={moved} onPointerUp={released} onPointerLeave={() => { drag.current = null; setHover(-1); }} />
      <p class="legend" aria-hidden="true">
        <i class="key controller">C</i> controller <i class="key leader">L</i> leader <i class="key follower">F</i> follower
        <i class="key paused">P</i> paused <b>×</b> down <b>●</b> change <b>✖</b> broken promise
      </p>
    </section>
  );
}
