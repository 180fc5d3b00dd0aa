import { render } from 'preact';
import { App } from './app.jsx';
import { Run } from './run.js';
import './page.css';

const place = document.getElementById('page');
const run = new Run(JSON.parse(document.getElementById('run').textContent));
// The story that stood here for readers without scripts is told again by the page.
place.textContent = '';
render(<App run={run} />, place);
