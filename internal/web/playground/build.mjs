// Bundles the playground into dist/. The same sources and lock file give the same bytes on every machine:
// file names carry the hash of their content, and nothing depends on time, place or the machine's zlib.
import { build } from 'esbuild';
import { gzipSync } from 'fflate';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { notices } from './notices.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');
const source = (name) => path.join(here, 'src', name);

// Modules for which a smaller one does.
const replacements = {
  name: 'replacements',
  setup(build) {
    const replace = (module, replacement) => build.onResolve({ filter: module }, () => ({ path: replacement }));
    replace(/(monaco-graphql\/esm|^\.)\/monaco-editor(\.js)?$/, source('monaco.js'));
    // Monaco's core imports the editors that show differences; GraphiQL never opens one.
    replace(/\/(diffEditorWidget|multiDiffEditorWidget)\.js$/, source('no-diff-editor.js'));
    // The older name of the same plugin.
    replace(/^prettier\/parser-graphql$/, path.join(here, 'node_modules/prettier/plugins/graphql.mjs'));
    // A JavaScript parser of half a megabyte, which GraphiQL has only to indent JSON.
    replace(/^prettier\/(parser-babel|plugins\/estree)$/, source('prettier-json.js'));
  },
};

// The module `examples`: the text of every file in examples/ by its name.
const examples = {
  name: 'examples',
  setup(build) {
    const folder = path.join(here, 'examples');
    build.onResolve({ filter: /^examples$/ }, () => ({ path: 'examples', namespace: 'examples' }));
    build.onLoad({ filter: /.*/, namespace: 'examples' }, async () => {
      const names = (await readdir(folder)).sort();
      const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
      return { contents: JSON.stringify(Object.fromEntries(names.map((name, i) => [name, texts[i]]))), loader: 'json' };
    });
  },
};

const { outputFiles, metafile } = await build({
  absWorkingDir: here,
  entryPoints: { playground: 'src/playground.jsx', worker: 'src/worker.js' },
  outdir: 'dist',
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  splitting: true, // what the page and its workers share is there once
  format: 'esm',
  target: ['chrome111', 'firefox114', 'safari16.4'], // the first ones that run modules as workers and know color-mix()
  minify: true,
  legalComments: 'none', // dist/notices.txt has them all
  define: { 'process.env.NODE_ENV': '"production"' },
  jsx: 'automatic',
  loader: { '.ttf': 'file' },
  plugins: [examples, replacements],
  metafile: true,
  write: false,
  logLevel: 'warning',
});

const output = (pattern) => Object.keys(metafile.outputs).map((name) => path.basename(name)).find((name) => pattern.test(name));
const page = (await readFile(path.join(here, 'index.html'), 'utf8'))
  .replace('{{script}}', output(/^playground-.*\.js$/))
  .replace('{{worker}}', output(/^worker-.*\.js$/))
  .replace('{{stylesheet}}', output(/^playground-.*\.css$/));

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
await writeFile(path.join(dist, 'index.html'), page);

const files = outputFiles
  .map(({ path: file, contents }) => ({ name: path.basename(file), contents }))
  .filter(({ name }) => !/^chunk-.*\.css$/.test(name)) // repeats what playground-*.css has
  .concat({ name: 'notices.txt', contents: Buffer.from(await notices(here, metafile.inputs)) });

let raw = 0, packed = 0;
for (const { name, contents } of files) {
  const compressed = gzipSync(contents, { level: 9, mem: 12, mtime: 0 });
  await writeFile(path.join(dist, name + '.gz'), compressed);
  raw += contents.length;
  packed += compressed.length;
}
console.log(`dist: ${files.length} files, ${raw} bytes, ${packed} compressed`);
if (process.env.ANALYZE) await writeFile(process.env.ANALYZE, JSON.stringify(metafile));
