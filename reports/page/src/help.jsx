import { useEffect, useRef } from 'preact/hooks';

const KEYS = [
  ['j ↓ →', 'next step'], ['k ↑ ←', 'previous step'], ['J K', 'ten steps'], ['g G', 'first, last'],
  ['n N', 'next, previous line of the story'], ['v', 'next broken promise'], ['c', 'to what caused it'], ['space', 'play, pause'],
  ['/', 'search; Enter goes on, Escape leaves'], ['f', 'show changes, messages, everything'],
  ['+ −', 'less, more time'], ['0', 'the whole run'], ['[ ]', 'earlier, later'], ['?', 'these keys'],
];

export function Help({ close }) {
  const dialog = useRef(null);
  useEffect(() => { dialog.current.showModal(); }, []);
  return (
    <dialog ref={dialog} onClose={close} aria-label="Keys" onClick={(event) => { if (event.target === dialog.current) close(); }}>
      <h2>Keys</h2>
      <dl>{KEYS.map(([keys, what]) => [<dt key={keys}>{keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</dt>, <dd>{what}</dd>])}</dl>
      <p>In the picture: a click looks at what happened there, the wheel shows more or less time, dragging moves it.</p>
      <p>Lists show what <em>Show</em> and <em>of</em> let through; a search looks at every event. The address ends with the number of the event: it can be sent to somebody.</p>
      <button onClick={close} autofocus>Close</button>
    </dialog>
  );
}
