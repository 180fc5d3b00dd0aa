// One script and one style, without names that change: `fencepost report` puts both into its pages.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

// The licence of what is not ours goes wherever it goes. A minifier would drop it.
const withLicences = {
  name: 'with-licences',
  generateBundle(_, bundle) {
    const text = readFileSync('node_modules/preact/LICENSE', 'utf8').trim();
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = `/*! Contains Preact:\n\n${text}\n*/\n${file.code}`;
    }
  },
};

export default defineConfig({
  plugins: [withLicences],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      input: 'src/main.jsx',
      output: { format: 'iife', entryFileNames: 'page.js', assetFileNames: 'page.[ext]' },
    },
  },
});
