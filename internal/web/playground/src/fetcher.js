// createFetcher returns the function with which GraphiQL asks the server at the given address.
export function createFetcher(endpoint) {
  return async (request, { headers } = {}) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'Accept': 'application/graphql-response+json',
        'Content-Type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(request),
    });
    if (!/json/.test(response.headers.get('Content-Type'))) {
      throw new Error(`${response.status} ${response.statusText}: ${await response.text()}`);
    }
    return response.json();
  };
}
