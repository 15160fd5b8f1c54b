import './monaco.js';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './playground.css';

import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { examples, ExamplesPlugin } from './examples.jsx';
import { createFetcher } from './fetcher.js';
import headers from '../headers.json' with { type: 'text' };
import { storage } from './storage.js';

const root = document.getElementById('playground');
const { endpoint, worker } = root.dataset;

globalThis.MonacoEnvironment = {
  getWorker: (_, language) => new Worker(worker, { name: language, type: 'module' }),
};

createRoot(root).render(
  <GraphiQL
    fetcher={createFetcher(endpoint)}
    storage={storage}
    defaultTabs={examples}
    defaultHeaders={headers}
    defaultEditorToolsVisibility={false}
    plugins={[ExamplesPlugin, HISTORY_PLUGIN]}
    schemaDescription
  >
    <GraphiQL.Logo>
      <a href="/">Broadsheet</a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
