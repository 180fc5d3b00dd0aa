// Who was what from when to when: pieces of time with a letter and a word, from the changes of the nodes' state.

// Joins the changes of several fields: one piece for each stretch in which none of them changes.
function pieces(run, fields, describe) {
  const changes = [];
  fields.forEach((field, index) => {
    if (field) for (const change of run.fields.changes(field)) changes.push({ ...change, index });
  });
  changes.sort((a, b) => a.row - b.row);
  const now = [], out = [];
  const end = run.data.until;
  for (let i = 0; i < changes.length;) {
    const row = changes[i].row;
    for (; i < changes.length && changes[i].row === row; i++) now[changes[i].index] = changes[i].value;
    const from = row < 0 ? run.data.begins : run.t[row];
    const piece = describe(...now);
    const last = out[out.length - 1];
    if (last && last.to === end && last.key === piece?.key && last.open) continue;
    if (last?.open) { last.to = from; last.open = false; }
    if (piece) out.push({ ...piece, from, to: end, row: Math.max(0, row), open: true });
  }
  return out.filter((piece) => piece.to > piece.from);
}

export function processSpans(run, node) {
  const find = (name) => run.fields.find(node, name);
  return pieces(run, [find('process')], (process) =>
    process === 'running' ? { key: 'running', tone: 'running', text: '' }
      : { key: process, tone: process, text: process === 'paused' ? 'P paused' : '× down' });
}

export function controllerSpans(run, node) {
  const find = (name) => run.fields.find(node, name);
  if (find('acts as controller')) {
    return pieces(run, [find('acts as controller'), find('own controller epoch')], (acts, epoch) =>
      acts === 'yes' ? { key: `C${epoch}`, tone: 'controller', text: `C controller, epoch ${epoch}`, short: `C${epoch}` } : null);
  }
  if (!find('quorum role')) return [];
  return pieces(run, [find('quorum role'), find('quorum epoch')], (role, epoch) => {
    if (role === 'leader') return { key: `C${epoch}`, tone: 'controller', text: `C quorum leader, epoch ${epoch}`, short: `C${epoch}` };
    if (role === 'candidate' || role === 'prospective') return { key: `V${epoch}`, tone: 'candidate', text: `V ${role}, epoch ${epoch}`, short: 'V' };
    return null;
  });
}

export function replicaSpans(run, node, partition) {
  const find = (name) => run.fields.find(node, name, partition);
  return pieces(run, [find('role'), find('leader epoch')], (role, epoch) => {
    if (role === 'leader') return { key: `L${epoch}`, tone: 'leader', text: `L leader, epoch ${epoch}`, short: `L${epoch}` };
    if (role === 'follower') return { key: `F${epoch}`, tone: 'follower', text: `F follower, epoch ${epoch}`, short: `F${epoch}` };
    return null;
  });
}

export function isrSpans(run, partition) {
  const cluster = run.nodes.length;
  const find = (name) => run.fields.find(cluster, name, partition);
  return pieces(run, [find('leader'), find('leader epoch'), find('isr')], (leader, epoch, isr) =>
    isr === undefined || (isr === 'none' && leader === 'none') ? null : {
      key: `${leader}/${epoch}/${isr}`,
      tone: leader === 'none' ? 'leaderless' : 'isr',
      text: `${leader === 'none' ? '! no leader' : `leader ${leader}`} · epoch ${epoch} · isr ${isr}`,
      short: `${leader === 'none' ? '!' : leader} e${epoch}`,
      isr: isr === 'none' ? [] : isr.split(' '),
    });
}

// The high watermark as the brokers have it that take themselves for the leader: [row, offset], in order.
export function highWatermarks(run, partition) {
  const out = [];
  run.nodes.forEach((node, id) => {
    const role = run.fields.find(id, 'role', partition), mark = run.fields.find(id, 'high watermark', partition);
    if (!role || !mark) return;
    for (const { row, value } of run.fields.changes(mark)) {
      if (run.fields.at(role, row) === 'leader') out.push([row, value]);
    }
  });
  return out.sort((a, b) => a[0] - b[0]);
}

// Faults from their beginning to their end, stacked so that none covers another.
export function faultBars(run) {
  const open = new Map(), bars = [];
  for (const fault of run.data.faults) {
    const t = run.t[fault.row];
    if (fault.undo) {
      const bar = open.get(fault.of);
      if (bar) bar.to = t;
      open.delete(fault.of);
      continue;
    }
    if (t < 0 && fault.kind === 'create_topic') continue;  // the boot's
    const bar = { from: t, to: fault.lasts === undefined ? t : run.data.until, row: fault.row, act: fault.act, text: run.label(fault.row) };
    if (fault.lasts !== undefined) open.set(fault.of, bar);
    bars.push(bar);
  }
  // A text needs room as well.
  const ends = [], room = (run.data.until - Math.min(0, run.data.begins)) * 0.12;
  for (const bar of bars) {
    let level = ends.findIndex((end) => end <= bar.from);
    if (level < 0) level = ends.length < 8 ? ends.length : 7;
    ends[level] = Math.max(bar.to, bar.from + room);
    bar.level = level;
  }
  return { bars, levels: Math.max(1, ends.length) };
}
