// The picture: lanes by node, time from left to right. What it shows by colour it also says by a letter or a word.
import { MESSAGE, after, seconds } from './run.js';
import { controllerSpans, faultBars, highWatermarks, isrSpans, processSpans, replicaSpans } from './spans.js';

export const GUTTER = 92;
const AXIS = 20, BAR = 15, THIN = 13, STRIP = 36, FAULT_ROW = 17, LEGEND = 24;
const PARTITIONS_SHOWN = 4;
const TONES = ['ink', 'dim', 'line', 'bg', 'panel', 'leader', 'follower', 'controller', 'candidate', 'paused', 'down', 'running',
  'leaderless', 'isr', 'fault', 'act', 'bad', 'message', 'routine', 'cursor', 'onbar'];

// What does not depend on the part of the run that is shown.
export function sceneOf(run) {
  const shown = run.partitions.map((name, id) => ({ name, id })).slice(0, PARTITIONS_SHOWN);
  const order = ['zookeeper', 'controller', 'broker', 'client'];
  const used = new Set();
  for (let i = 0; i < run.count; i++) used.add(run.node[i]);
  const lanes = run.nodes.map((node, id) => ({ ...node, id })).filter((node) => used.has(node.id))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.id - b.id)
    .map((lane) => ({
      ...lane,
      process: processSpans(run, lane.id),
      controller: controllerSpans(run, lane.id),
      replicas: lane.kind === 'broker' ? shown.map((p) => ({ ...p, spans: replicaSpans(run, lane.id, p.id) })).filter((p) => p.spans.length) : [],
    }));
  const strips = shown.map((p) => ({ ...p, isr: isrSpans(run, p.id), marks: highWatermarks(run, p.id) }));
  return { lanes, strips, hidden: run.partitions.length - shown.length, ...faultBars(run) };
}

// Where everything lies, for a picture of that height.
export function layoutOf(scene, height) {
  const laneHeight = (lane) => BAR + lane.replicas.length * THIN;
  const fixed = AXIS + scene.levels * FAULT_ROW + scene.strips.length * STRIP + 12;
  const needed = scene.lanes.reduce((sum, lane) => sum + laneHeight(lane), 0);
  const gap = Math.max(12, Math.min(64, (height - LEGEND - fixed - needed) / (scene.lanes.length + 0.5)));
  let y = AXIS + scene.levels * FAULT_ROW + gap / 2 + 4;
  const lanes = new Map();
  for (const lane of scene.lanes) {
    lanes.set(lane.id, { lane, top: y, wire: y + BAR / 2, bottom: y + laneHeight(lane) });
    y += laneHeight(lane) + gap;
  }
  const strips = scene.strips.map((strip) => { const top = y; y += STRIP; return { strip, top }; });
  return { lanes, strips, height: Math.max(y + LEGEND, height), marks: AXIS + scene.levels * FAULT_ROW + 4 };
}

export function tonesOf(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(TONES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

class Painter {
  constructor(canvas, width, height, tone) {
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.c = canvas.getContext('2d');
    this.c.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.c.clearRect(0, 0, width, height);
    Object.assign(this, { width, height, tone });
  }
  text(text, x, y, { color = this.tone.ink, size = 11, bold = false, align = 'left', room = Infinity } = {}) {
    const { c } = this;
    c.font = `${bold ? '600 ' : ''}${size}px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif`;
    c.textAlign = align;
    c.textBaseline = 'middle';
    c.fillStyle = color;
    if (c.measureText(text).width > room) return false;
    c.fillText(text, x, y);
    return true;
  }
  line(x1, y1, x2, y2) { this.c.beginPath(); this.c.moveTo(x1, y1); this.c.lineTo(x2, y2); this.c.stroke(); }
}

export function paintScene(canvas, { run, scene, layout, view, width, tone, level, wanted }) {
  const p = new Painter(canvas, width, layout.height, tone);
  const x = (t) => GUTTER + ((t - view.from) / (view.to - view.from)) * (width - GUTTER - 8);
  const clip = (from, to) => [Math.max(GUTTER, x(from)), Math.min(width - 8, x(to))];
  axis(p, view, x, layout.height);
  p.c.save();
  p.c.beginPath();
  p.c.rect(GUTTER, 0, width - GUTTER, layout.height);
  p.c.clip();
  for (const bar of scene.bars) faultBar(p, bar, x, layout.height);
  const arrows = { run, layout, view, x, level, wanted, tone };
  messages(p, arrows, true);
  for (const { lane, top } of layout.lanes.values()) laneSpans(p, lane, top, clip, tone);
  messages(p, arrows, false);
  notes(p, { run, layout, view, x, tone });
  for (const { strip, top } of layout.strips) partitionStrip(p, strip, top, { run, view, x, clip, tone });
  broken(p, run, x, layout);
  p.c.restore();
  gutter(p, scene, layout, tone);
}

function axis(p, view, x, height) {
  const span = view.to - view.from;
  let step = 10 ** Math.floor(Math.log10(span / 5));
  for (const times of [2, 2.5, 2]) if (span / step > 10) step *= times;
  const decimals = step >= 1e6 ? 0 : step >= 1e5 ? 1 : step >= 1e4 ? 2 : step >= 1e3 ? 3 : 6;
  p.c.lineWidth = 1;
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    p.c.strokeStyle = p.tone.line;
    p.line(Math.round(x(t)) + 0.5, AXIS - 4, Math.round(x(t)) + 0.5, height);
    p.text(`${(t / 1e6).toFixed(decimals)} s`, x(t), 8, { color: p.tone.dim, size: 10, align: 'center' });
  }
}

function faultBar(p, bar, x, height) {
  const { c, tone } = p, top = AXIS + bar.level * FAULT_ROW, from = x(bar.from), to = Math.max(x(bar.to), from + 3);
  const color = bar.act ? tone.act : tone.fault;
  c.globalAlpha = 0.1;
  c.fillStyle = color;
  if (bar.to > bar.from) c.fillRect(from, top, to - from, height);
  c.globalAlpha = 1;
  c.fillRect(from, top, to - from, FAULT_ROW - 3);
  const inside = p.text(bar.text, Math.max(from, GUTTER) + 5, top + 7, { color: tone.onbar, size: 10, bold: true, room: to - Math.max(from, GUTTER) - 8 });
  if (!inside && to > GUTTER) p.text(`${bar.act ? '◆' : '⚡'} ${bar.text}`, to + 4, top + 7, { color, size: 10, bold: true });
}

function block(p, span, top, high, [from, to], tone, { words = span.text, short = span.short } = {}) {
  if (to <= from) return;
  const { c } = p;
  c.fillStyle = tone[span.tone];
  c.fillRect(from, top, Math.max(1, to - from - 1), high);
  if (span.tone === 'paused') hatch(p, from, top, to - from - 1, high);
  const options = { color: span.tone === 'down' ? tone.dim : tone.onbar, size: 10, bold: true, room: to - from - 6 };
  if (!p.text(words, from + 4, top + high / 2 + 0.5, options) && short) p.text(short, from + 2, top + high / 2 + 0.5, { ...options, room: to - from - 2 });
}

function hatch(p, x, y, width, height) {
  const { c } = p;
  c.save();
  c.beginPath();
  c.rect(x, y, width, height);
  c.clip();
  c.strokeStyle = p.tone.bg;
  c.globalAlpha = 0.35;
  c.lineWidth = 2;
  c.beginPath();
  for (let at = x - height; at < x + width; at += 7) { c.moveTo(at, y + height); c.lineTo(at + height, y); }
  c.stroke();
  c.restore();
}

function laneSpans(p, lane, top, clip, tone) {
  for (const span of lane.process) {
    const [from, to] = clip(span.from, span.to);
    if (to <= from) continue;
    if (span.tone === 'running') {
      p.c.fillStyle = tone.running;
      p.c.fillRect(from, top + BAR / 2 - 2, to - from, 4);
    } else if (span.tone === 'down') {
      const fits = p.text('× down', from + 4, top + BAR / 2, { color: tone.dim, size: 10, room: to - from - 6 });
      p.c.strokeStyle = tone.dim;
      p.c.setLineDash([2, 4]);
      p.line(from + (fits ? 46 : 0), top + BAR / 2, to, top + BAR / 2);
      p.c.setLineDash([]);
    } else {
      block(p, span, top, BAR, [from, to], tone, { short: 'P' });
    }
  }
  for (const span of lane.controller) {
    const [from, to] = clip(span.from, span.to);
    // A paused controller is still one, by its own word: below the hatching.
    block(p, span, top, BAR - 1, [from, to], tone);
  }
  for (const span of lane.process) if (span.tone === 'paused') {
    const [from, to] = clip(span.from, span.to);
    if (to > from) {
      hatch(p, from, top, to - from, BAR);
      if (to - from < 120) continue;
      p.c.fillStyle = tone.bg;
      p.c.fillRect((from + to) / 2 - 28, top + 1, 56, BAR - 2);
      p.text('P paused', (from + to) / 2, top + BAR / 2, { color: tone.ink, size: 10, bold: true, align: 'center', room: (to - from) / 2 });
    }
  }
  lane.replicas.forEach((replica, index) => {
    for (const span of replica.spans) {
      const [from, to] = clip(span.from, span.to);
      block(p, span, top + BAR + index * THIN, THIN - 2, [from, to], tone,
        { words: `${span.text[0]} ${replica.name} ${span.text.slice(2)}`, short: span.text[0] });
    }
  });
}

// At most one arrow for each pair of lanes and pixel: more could not be told apart.
function messages(p, { run, layout, view, x, level, wanted, tone }, routine) {
  const first = after(run.t, view.from - 1), end = after(run.t, view.to);
  const seen = new Set(), few = end - first < 600;
  if (routine && level < 2 && !few) return;
  const { c } = p, heads = [];
  c.strokeStyle = c.fillStyle = routine ? tone.routine : tone.message;
  c.lineWidth = 1;
  c.beginPath();
  for (let i = first; i < end; i++) {
    if (run.kind[i] !== MESSAGE || run.peer[i] === run.node[i] || (run.level[i] === 2) !== routine) continue;
    if (wanted && !wanted(i)) continue;
    const to = layout.lanes.get(run.node[i]), from = layout.lanes.get(run.peer[i]);
    if (!to || !from) continue;
    const at = x(run.t[i]), sent = run.cause(i), start = sent >= 0 ? x(run.t[sent]) : at;
    // One that was long on its way is seen whatever else arrives at that pixel.
    const key = (Math.round(at) * 256 + run.node[i]) * 256 + run.peer[i];
    if (seen.has(key) && at - start < 2) continue;
    seen.add(key);
    const down = to.wire > from.wire, y1 = down ? from.wire + 3 : from.wire - 3, y2 = down ? to.wire - 5 : to.wire + 5;
    c.moveTo(start, y1);
    c.lineTo(at, y2);
    if (!routine || few) heads.push([at, y2, down]);
  }
  c.stroke();
  c.beginPath();
  for (const [at, y, down] of heads) {
    const back = down ? -5 : 5;
    c.moveTo(at, y); c.lineTo(at - 3, y + back); c.lineTo(at + 3, y + back); c.closePath();
  }
  c.fill();
}

// A dot on the lane wherever something of note was told.
function notes(p, { run, layout, view, x, tone }) {
  const first = after(run.t, view.from - 1), end = after(run.t, view.to);
  p.c.fillStyle = tone.ink;
  let last = -1;
  for (let i = first; i < end; i++) {
    const lane = layout.lanes.get(run.node[i]);
    if (run.level[i] !== 0 || !lane || run.isFault(i)) continue;
    const at = Math.round(x(run.t[i])), key = at * 64 + run.node[i];
    if (key === last) continue;
    last = key;
    p.c.beginPath();
    p.c.arc(at, lane.wire, 2.5, 0, 7);
    p.c.fill();
  }
}

function partitionStrip(p, strip, top, { run, view, x, clip, tone }) {
  for (const span of strip.isr) {
    block(p, span, top + 2, BAR, clip(span.from, span.to), tone);
  }
  const { c } = p, floor = top + STRIP - 4, high = STRIP - BAR - 8;
  const most = strip.marks.reduce((max, mark) => Math.max(max, mark[1]), 1);
  c.strokeStyle = tone.leader;
  c.lineWidth = 1.5;
  c.beginPath();
  let pen = -1, y = floor;
  for (const [row, offset] of strip.marks) {
    const at = row < 0 ? view.from : x(run.t[row]);
    const next = floor - (offset / most) * high;
    if (at < GUTTER - 4) { y = next; continue; }
    if (at > p.width) break;
    if (pen < 0) { c.moveTo(GUTTER, y); pen = GUTTER; }
    if (at - pen >= 0.5 || next > y) { c.lineTo(at, y); c.lineTo(at, next); pen = at; }
    y = next;
  }
  if (pen < 0) c.moveTo(GUTTER, y);
  c.lineTo(Math.min(p.width - 8, x(run.data.until)), y);
  c.stroke();
}

function broken(p, run, x, { height, marks }) {
  run.marks.forEach((mark, index) => {
    const at = Math.round(x(run.t[mark.row] ?? run.data.until)) + 0.5, color = mark.fails ? p.tone.bad : p.tone.act;
    p.c.strokeStyle = color;
    p.c.lineWidth = mark.fails ? 2 : 1;
    p.c.setLineDash(mark.fails ? [] : [4, 3]);
    p.line(at, AXIS, at, height);
    p.c.setLineDash([]);
    const right = at > p.width - 220;
    p.text(`✖ ${mark.name}${mark.fails ? '' : ' (expected)'}`, right ? at - 5 : at + 5, marks + (index % 3) * 13, { color, bold: true, size: 11, align: right ? 'right' : 'left' });
  });
}

function gutter(p, scene, layout, tone) {
  p.text('faults', 8, AXIS + 7, { color: tone.dim, size: 10 });
  for (const { lane, top, wire } of layout.lanes.values()) {
    p.text(lane.name, 8, wire, { bold: true, size: 12 });
    lane.replicas.forEach((replica, i) => p.text(replica.name, GUTTER - 6, top + BAR + i * THIN + 6, { color: tone.dim, size: 10, align: 'right' }));
  }
  for (const { strip, top } of layout.strips) {
    p.text(strip.name, 8, top + 10, { bold: true, size: 12 });
    p.text('ISR', GUTTER - 6, top + 10, { color: tone.dim, size: 10, align: 'right' });
    p.text('high watermark', GUTTER - 6, top + STRIP - 9, { color: tone.dim, size: 10, align: 'right' });
  }
}

// Index of the first high watermark that was reached after that row.
function firstAfter(marks, row) {
  let from = 0, to = marks.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (marks[middle][0] <= row) from = middle + 1; else to = middle;
  }
  return from;
}

// The row that is looked at: a line of time, its message, its node.
export function paintCursor(canvas, { run, layout, view, width, tone, row, hover }) {
  const p = new Painter(canvas, width, layout.height, tone), { c } = p;
  const x = (t) => GUTTER + ((t - view.from) / (view.to - view.from)) * (width - GUTTER - 8);
  const at = Math.round(x(run.t[row])) + 0.5;
  if (at < GUTTER || at > width) return;
  c.strokeStyle = c.fillStyle = tone.cursor;
  c.lineWidth = 1;
  p.line(at, AXIS - 4, at, layout.height);
  const label = `${seconds(run.t[row])} s`, left = Math.max(GUTTER, Math.min(at - 30, width - 68));
  c.fillRect(left, 0, 60, 15);
  p.text(label, left + 30, 8, { color: tone.onbar, size: 10, bold: true, align: 'center' });
  for (const { strip, top } of layout.strips) {
    const mark = strip.marks[firstAfter(strip.marks, row) - 1];
    if (!mark) continue;
    const right = at > width - 60;
    p.text(String(mark[1]), right ? at - 4 : at + 4, top + STRIP - 10, { size: 10, bold: true, align: right ? 'right' : 'left' });
  }
  const lane = layout.lanes.get(run.node[row]);
  if (!lane) return;
  c.lineWidth = 2;
  c.strokeStyle = tone.cursor;
  const from = run.kind[row] === MESSAGE ? layout.lanes.get(run.peer[row]) : null;
  if (from) {
    const sent = run.cause(row);
    p.line(sent >= 0 ? Math.max(GUTTER, x(run.t[sent])) : at, from.wire, at, lane.wire);
  }
  c.beginPath();
  c.arc(at, lane.wire, 5, 0, 7);
  c.fillStyle = tone.cursor;
  c.fill();
  c.stroke();
  if (hover >= 0 && hover !== row) {
    const there = layout.lanes.get(run.node[hover]);
    if (there) { c.beginPath(); c.arc(x(run.t[hover]), there.wire, 6, 0, 7); c.stroke(); }
  }
}

// The row nearest to a place of the picture; -1: none is near.
export function rowAt({ run, layout, view, width }, px, py, allowed) {
  const t = view.from + ((px - GUTTER) / (width - GUTTER - 8)) * (view.to - view.from);
  const reach = ((view.to - view.from) / (width - GUTTER)) * 12;
  let best = -1, least = Infinity;
  for (let i = after(run.t, t - reach - 1); i < run.count && run.t[i] <= t + reach; i++) {
    if (!allowed(i)) continue;
    const lane = layout.lanes.get(run.node[i]);
    const away = Math.abs(run.t[i] - t) / reach * 12 + (lane ? Math.abs(lane.wire - py) * 0.6 : Math.max(0, py - 60));
    if (away < least) { least = away; best = i; }
  }
  return best;
}
