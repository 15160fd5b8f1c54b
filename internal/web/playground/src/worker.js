// One script for all of monaco's workers, since most of it is common to them. Monaco names each worker after the
// language it serves. The JSON service installs itself on import; the others replace it.
import 'monaco-editor/esm/vs/language/json/json.worker.js';
import { initialize } from 'monaco-editor/esm/vs/editor/editor.worker.js';
import { GraphQLWorker } from 'monaco-graphql/esm/GraphQLWorker.js';

if (self.name === 'graphql') {
  self.onmessage = () => initialize((context, options) => new GraphQLWorker(context, options));
} else if (self.name !== 'json') {
  self.onmessage = () => initialize(null);
}
