import { PenIcon, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import files from 'examples';

// The files of examples/ in their order: { title, description, query, variables }. The first comment line of a query
// is its title, the comment lines that follow describe it.
export const examples = Object.keys(files)
  .filter((name) => name.endsWith('.graphql'))
  .sort()
  .map((name) => {
    const query = files[name];
    const [title, ...description] = query.match(/^(#.*\n)+/)[0].trim().split('\n').map((line) => line.replace(/^# ?/, ''));
    const variables = files[name.replace(/\.graphql$/, '.variables.json')];
    return { title, description: description.join(' '), query, variables };
  });

// ExamplesPlugin lists the examples, each to be opened in a tab of its own.
export const ExamplesPlugin = { title: 'Examples', icon: PenIcon, content: Examples };

function Examples() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open({ query, variables }) {
    addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variables ?? '');
  }
  return (
    <section className="examples">
      <h2>Examples</h2>
      {examples.map((example) => (
        <button key={example.title} type="button" onClick={() => open(example)}>
          <strong>{example.title}</strong>
          <span>{codes(example.description)}</span>
        </button>
      ))}
    </section>
  );
}

// codes shows what stands between backquotes as code.
function codes(text) {
  return text.split('`').map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}
