// A run as the program wrote it (reports/page_data.h), decoded once into columns that are quick to ask.

export const MESSAGE = 0, TIMER = 1, CONNECTED = 2, DISCONNECTED = 3, STARTED = 4, FAULT = 6, UNDO = 7;

// Facts that come with nearly every record or check: no news in a list of changes.
const FREQUENT = new Set(['high_watermark', 'records_appended', 'records_acknowledged', 'acks_all_answered',
  'control_request_applied', 'isr_check_starts', 'metadata_appended', 'metadata_high_watermark', 'zk_create', 'zk_delete',
  'records_consumed', 'latest_offset']);
// Messages that a healthy cluster sends all the time.
const ROUTINE = /^(Fetch( of metadata)?|Produce|ZkPing|BeginQuorumEpoch|BrokerHeartbeat)( answer)?$/;

function summed(steps, Column) {
  const out = new Column(steps.length);
  let value = 0;
  for (let i = 0; i < steps.length; i++) out[i] = value += steps[i];
  return out;
}

// How many numbers each shape takes: its '#' outside strings.
function holes(shape) {
  let count = 0, inString = false;
  for (let i = 0; i < shape.length; i++) {
    if (inString && shape[i] === '\\') i++;
    else if (shape[i] === '"') inString = !inString;
    else if (shape[i] === '#' && !inString) count++;
  }
  return count;
}

function filled(shape, numbers, at) {
  let out = '', inString = false;
  for (let i = 0; i < shape.length; i++) {
    const c = shape[i];
    if (inString && c === '\\') out += c + shape[++i];
    else if (c === '#' && !inString) out += numbers[at++];
    else { if (c === '"') inString = !inString; out += c; }
  }
  return JSON.parse(out);
}

// Index of the first value above `wanted`.
export function after(sorted, wanted, from = 0, to = sorted.length) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] <= wanted) from = middle + 1; else to = middle;
  }
  return from;
}

class Details {
  constructor(shapes, counts, columns) {
    Object.assign(this, { shapes, shape: columns.shape, numbers: columns.numbers });
    this.begins = new Int32Array(this.shape.length);
    let at = 0;
    for (let i = 0; i < this.shape.length; i++) { this.begins[i] = at; at += counts[this.shape[i]]; }
  }
  of(i) { return filled(this.shapes[this.shape[i]], this.numbers, this.begins[i]); }
}

// The values that a field had, and since which row.
class Fields {
  constructor(data) {
    this.list = data.fields.map(([node, partition, name, isText], id) => ({ id, node, partition, name, isText }));
    this.texts = data.texts;
    const { field, value } = data.state;
    this.row = summed(data.state.row, Int32Array);
    this.field = Int32Array.from(field);
    const count = new Int32Array(this.list.length + 1);
    for (const f of field) count[f + 1]++;
    for (let f = 0; f < this.list.length; f++) count[f + 1] += count[f];
    this.begins = count;
    this.rows = new Int32Array(field.length);
    this.values = new Float64Array(field.length);
    const at = count.slice();
    for (let i = 0; i < field.length; i++) {
      const to = at[field[i]]++;
      this.rows[to] = this.row[i];
      this.values[to] = value[i];
    }
    this.byNode = [];
    for (const f of this.list) (this.byNode[f.node] ??= []).push(f);
  }
  find(node, name, partition = -1) {
    return (this.byNode[node] ?? []).find((f) => f.name === name && f.partition === partition);
  }
  // After the step of that row.
  at(field, row) {
    const i = after(this.rows, row, this.begins[field.id], this.begins[field.id + 1]) - 1;
    return i < this.begins[field.id] ? undefined : this.shown(field, this.values[i]);
  }
  shown(field, value) { return field.isText ? this.texts[value] : value; }
  changes(field) {
    const out = [];
    for (let i = this.begins[field.id]; i < this.begins[field.id + 1]; i++) {
      out.push({ row: this.rows[i], value: this.shown(field, this.values[i]) });
    }
    return out;
  }
  changedIn(row) {
    const out = [];
    for (let i = after(this.row, row - 1); i < this.row.length && this.row[i] === row; i++) {
      const field = this.list[this.field[i]];
      out.push({ field, before: this.at(field, row - 1), after: this.at(field, row) });
    }
    return out;
  }
}

export class Run {
  constructor(data) {
    this.data = data;
    this.nodes = data.nodes;
    this.partitions = data.partitions;
    const rows = data.rows;
    this.count = rows.t.length;
    this.t = summed(rows.t, Float64Array);
    this.kind = Uint8Array.from(rows.kind);
    this.node = Int16Array.from(rows.node);
    this.peer = Int16Array.from(rows.peer);
    this.what = Int32Array.from(rows.what);
    this.via = Int32Array.from(rows.via);
    // How many rows back lies what a row began with: what sent the message or armed the timer; 0: nothing but the plan.
    this.back = Int32Array.from(rows.back);
    const counts = data.shapes.map(holes);
    this.details = new Details(data.shapes, counts, rows);
    this.factRow = summed(data.facts.row, Int32Array);
    this.factDetails = new Details(data.shapes, counts, data.facts);
    this.fields = new Fields(data);
    this.number = new Int32Array(this.count);  // of events, from 1, as the program counts them
    let number = 0;
    for (let i = 0; i < this.count; i++) this.number[i] = this.isFault(i) ? 0 : ++number;
    this.level = this.levels();
    this.firstRow = Math.max(0, after(this.t, -1));
    this.marks = this.findMarks();
    this.story = data.story.map((line) => ({ ...line, row: this.rowOf(line) }));
  }

  isFault(i) { return this.kind[i] >= FAULT; }
  text(i) { return this.data.texts[i]; }
  nameOf(node) { return node === this.nodes.length ? 'cluster' : (this.nodes[node]?.name ?? ''); }
  cause(i) { return this.back[i] > 0 ? i - this.back[i] : -1; }

  // 0: a change; 1: a message beyond routine; 2: everything else.
  levels() {
    const { texts, facts } = this.data;
    const frequent = texts.map((text) => FREQUENT.has(text)), routine = texts.map((text) => ROUTINE.test(text));
    const level = new Uint8Array(this.count);
    for (let i = 0; i < this.count; i++) {
      const kind = this.kind[i];
      if (kind >= FAULT || kind === STARTED) continue;
      level[i] = kind === TIMER || (kind === MESSAGE && routine[this.what[i]]) ? 2 : 1;
    }
    for (let f = 0; f < this.factRow.length; f++) {
      if (this.factRow[f] >= 0 && !frequent[facts.what[f]]) level[this.factRow[f]] = 0;
    }
    return level;
  }

  rowOfEvent(number) {
    // Faults have rows as well, hence the row is at or behind the number.
    let i = number - 1;
    while (i < this.count && this.number[i] < number) i++;
    return Math.min(i, this.count - 1);
  }
  // Of a line of the story: what it tells was told there.
  rowOf(line) {
    const end = after(this.t, line.t);
    let row = Math.max(0, end - 1);
    for (let i = end - 1; i >= 0 && this.t[i] === line.t; i--) {
      const name = this.nameOf(this.node[i]);
      if (line.who === 'FAULT' || line.who === 'ACT' ? this.isFault(i) : name === line.who || (line.who === 'zk' && name === 'zookeeper')) row = i;
    }
    return row;
  }
  findMarks() {
    return this.data.invariants.filter((row) => !row.held).map((row) => ({
      ...row,
      row: row.event > 0 ? this.rowOfEvent(row.event) : this.count - 1,
      fails: row.promised && !row.expected,
    })).sort((a, b) => a.row - b.row);
  }

  label(i) {
    const what = this.text(this.what[i]), peer = this.nameOf(this.peer[i]);
    switch (this.kind[i]) {
      case MESSAGE: return `${what} from ${peer}`;
      case TIMER: return `timer ${what}`;
      case CONNECTED: return `connection with ${peer} is open`;
      case DISCONNECTED: return `connection with ${peer} is gone`;
      case UNDO: case FAULT: return what;
      default: return what;
    }
  }
  factsOf(i) {
    const out = [];
    for (let f = after(this.factRow, i - 1); f < this.factRow.length && this.factRow[f] === i; f++) {
      out.push({ name: this.text(this.data.facts.what[f]), node: this.nameOf(this.data.facts.node[f]), fields: this.factDetails.of(f) });
    }
    return out;
  }
  // Where to begin: at what was broken, else at the first fault, else at the first line of the story.
  opening() {
    const worst = this.marks.find((mark) => mark.fails) ?? this.marks[0];
    if (worst) return worst.row;
    const fault = this.data.faults.find((one) => this.t[one.row] >= 0);
    if (fault) return fault.row;
    return this.story.find((line) => line.t >= 0)?.row ?? this.firstRow;
  }
}

export const seconds = (us) => {
  const ms = Math.trunc(us / 1000);
  return `${ms < 0 ? '-' : ''}${Math.trunc(Math.abs(ms) / 1000)}.${String(Math.abs(ms) % 1000).padStart(3, '0')}`;
};
