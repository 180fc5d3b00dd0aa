import { useState } from 'preact/hooks';
import { MESSAGE, seconds } from './run.js';

const CAUSES_SHOWN = 8;

const nameOf = (run, field) => (field.partition >= 0 ? `${run.partitions[field.partition]} ${field.name}` : field.name);
const shown = (value) => (value === undefined ? '–' : String(value));

function textOf(value) {
  if (Array.isArray(value)) return value.map(textOf).join('; ');
  if (value && typeof value === 'object') return Object.entries(value).map(([key, one]) => `${key} ${textOf(one)}`).join(', ');
  return String(value);
}

function Members({ fields }) {
  const entries = Object.entries(fields);
  if (entries.length === 0) return null;
  return <dl>{entries.map(([key, value]) => [<dt key={key}>{key}</dt>, <dd>{textOf(value)}</dd>])}</dl>;
}

function Difference({ run, row }) {
  const byNode = new Map();
  for (const change of run.fields.changedIn(row)) {
    if (!byNode.has(change.field.node)) byNode.set(change.field.node, []);
    byNode.get(change.field.node).push(change);
  }
  if (byNode.size === 0) return <p class="dim">No field that is shown here has another value after it.</p>;
  return [...byNode].map(([node, changes]) => (
    <table key={node}>
      <caption>{run.nameOf(node) === 'cluster' ? 'decided for the cluster' : `state of ${run.nameOf(node)}`}</caption>
      <thead><tr><th scope="col">field</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
      <tbody>{changes.map((one) => (
        <tr key={one.field.id}><th scope="row">{nameOf(run, one.field)}</th><td class="before">{shown(one.before)}</td><td class="after">{shown(one.after)}</td></tr>
      ))}</tbody>
    </table>
  ));
}

function State({ run, row, node }) {
  const fields = run.fields.byNode[node] ?? [];
  return (
    <table>
      <caption class="unseen">state of {run.nameOf(node)} after this step</caption>
      <tbody>{fields.map((field) => <tr key={field.id}><th scope="row">{nameOf(run, field)}</th><td>{shown(run.fields.at(field, row))}</td></tr>)}</tbody>
    </table>
  );
}

function Causes({ run, row, go }) {
  const chain = [];
  for (let at = run.cause(row); at >= 0 && chain.length < CAUSES_SHOWN; at = run.cause(at)) chain.push(at);
  if (chain.length === 0) return null;
  return (
    <section><h3>Because of</h3>
      <ol class="causes">{chain.map((at) => (
        <li key={at}><button class="link" onClick={() => go(at)}><span class="t">{seconds(run.t[at])}</span> {run.isFault(at) ? 'FAULT' : run.nameOf(run.node[at])}: {run.label(at)}</button></li>
      ))}</ol>
      {chain.length === CAUSES_SHOWN && run.cause(chain.at(-1)) >= 0 && <p class="dim">and so on, back to the plan</p>}
      {run.number[row] > 0 && <p class="dim">In words, with what it knew: <code>{run.data.repeat.replace(/ (run|report) /, ' why ')} {run.number[row]}</code></p>}
    </section>
  );
}

export function Details({ run, row, go }) {
  const [whole, setWhole] = useState(false);
  const facts = run.factsOf(row), fields = run.details.of(row);
  const fault = run.isFault(row) ? run.data.faults.find((one) => one.row === row) : null;
  const marks = run.marks.filter((mark) => mark.row === row);
  const node = run.node[row];
  return (
    <section class="details" aria-label="The step that is looked at" tabIndex={0}>
      <h2><span class="number">{run.isFault(row) ? 'fault' : `#${run.number[row]}`}</span> {seconds(run.t[row])} s{fault ? '' : ` · ${run.nameOf(node)}`}</h2>
      <p class="headline">{run.label(row)}{run.via[row] >= 0 && run.kind[row] === MESSAGE && <span class="dim"> on {run.text(run.via[row])}</span>}</p>
      {marks.map((mark) => <p key={mark.name} class="broken">✖ <strong>{mark.name}</strong>{mark.fails ? ' is broken: ' : ' is broken, as expected: '}{mark.what}</p>)}
      {fault?.effect && <p>In all, {fault.effect}.</p>}
      <section><h3>What it changed</h3><Difference {...{ run, row }} /></section>
      {facts.length > 0 && <section><h3>Facts told</h3>
        <ul class="told">{facts.map((fact, i) => <li key={i}><strong>{fact.name}</strong><Members fields={fact.fields} /></li>)}</ul></section>}
      <Causes {...{ run, row, go }} />
      {Object.keys(fields).length > 0 && <section><h3>What it carries</h3><Members fields={fields} /></section>}
      {node >= 0 && <details open={whole} onToggle={(event) => setWhole(event.target.open)}>
        <summary>All of {run.nameOf(node)} after it</summary>{whole && <State {...{ run, row, node }} />}</details>}
    </section>
  );
}
