// The browser's storage as GraphiQL uses it, except that headers never reach it: they may carry keys. GraphiQL itself
// keeps them out of the stored tabs, but not out of the stored history.
export const storage = {
  get length() {
    return localStorage.length;
  },
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, withoutHeaders(value)),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
};

function withoutHeaders(value) {
  try {
    return JSON.stringify(JSON.parse(value), (name, inner) => (name === 'headers' ? null : inner));
  } catch {
    return value; // not JSON: a query's text, a theme's name
  }
}
