// The page at /embed: shows what is chosen, and writes the snippets for it.
(() => {
  'use strict'

  const origin = location.origin
  const sandbox = 'allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation'
  const form = document.querySelector('#choice')
  const preview = document.querySelector('#preview')
  const hint = document.querySelector('#hint')
  const stage = document.querySelector('#stage')
  const newsroom = { name: '', url: '', tag: new Map(), author: new Map(), article: new Map() }

  const lists = { tag: 'tags', author: 'authors', article: 'articles' }
  const missing = {
    tag: 'Choose a tag.', author: 'Choose an author.', saved: 'Name a saved list.', article: 'Choose a story, or paste its address.', campaign: 'Name a campaign.',
  }

  const ask = async (query, variables) => {
    const asked = new URLSearchParams({ query, variables: JSON.stringify(variables || {}) })
    const answer = await fetch(`/graphql?${asked}`, { headers: { Accept: 'application/json' } })
    const { data } = await answer.json()
    return data || {}
  }

  // Suggestions: what they are called, and where they stand on the newsroom's site.
  const learn = async () => {
    const found = await ask(`{ site { name url } tags(first: 100) { nodes { slug name url } } authors(first: 100) { nodes { slug name url } }
      articles(first: 50) { nodes { slug name: title url } } }`)
    if (!found.site) return
    newsroom.name = found.site.name
    newsroom.url = found.site.url
    document.querySelector('#newsroom').textContent = found.site.name
    document.title = `Embeds · ${found.site.name}`
    for (const [kind, list] of Object.entries(lists)) {
      for (const { slug, name, url } of found[list].nodes) {
        newsroom[kind].set(slug, { name, url })
        document.querySelector(`#${list}`).append(new Option(name, slug))
      }
    }
    update()
  }

  // What is not among the suggestions is looked up: a slug, or the address of a story.
  const lookUp = async (kind, text) => {
    const fields = kind === 'article' ? 'slug name: title url' : 'slug name url'
    let found
    if (text.includes('/')) {
      const { resolve } = await ask('query ($path: String!) { resolve(path: $path) { ... on Article { slug name: title url } ... on Moved { url } } }', { path: text })
      found = resolve && !resolve.slug && resolve.url && resolve.url !== text ? await lookUp(kind, resolve.url) : resolve
    } else {
      found = (await ask(`query ($slug: String!) { found: ${kind}(slug: $slug) { ${fields} } }`, { slug: text })).found
    }
    if (!found || !found.slug) return null
    newsroom[kind].set(text, found)
    return found
  }

  // What a token that cannot be one should be.
  const wrongToken = (token) => {
    if (!token || /^bst_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/.test(token)) return ''
    return token.startsWith('bsk_') ? 'This is the key itself, which must not stand in a page. Take its token: bst_…' : 'The token is not complete: it is bst_ and 56 signs more.'
  }

  const chosen = () => {
    const c = Object.fromEntries(new FormData(form))
    c.token = c.token.trim()
    c.text = c.kind === 'latest' ? '' : (c[c.kind] || '').trim()
    c.layout = c.kind === 'article' ? c.cards : c.lists
    const known = (newsroom[c.kind] && newsroom[c.kind].get(c.text)) || {}
    c.slug = known.slug || c.text
    c.name = known.name || (c.kind === 'latest' ? newsroom.name : c.text)
    c.url = known.url || (c.kind === 'latest' || c.kind === 'saved' ? newsroom.url : '')
    c.wanting = wrongToken(c.token) || (c.kind !== 'latest' && c.text === '' ? missing[c.kind] : '')
    return c
  }

  const isList = (c) => ['latest', 'tag', 'author', 'saved'].includes(c.kind)

  // The parameters that differ from what goes without saying.
  const parameters = (c) => {
    const found = []
    if (isList(c) && c.layout !== 'list') found.push(['layout', c.layout])
    if (c.kind === 'article' && c.layout !== 'card') found.push(['layout', c.layout])
    if (isList(c)) found.push(['count', c.count])
    if (c.theme !== 'auto') found.push(['theme', c.theme])
    if (c.token) found.push(['token', c.token])
    return found
  }

  const path = (c) => {
    const slug = encodeURIComponent(c.slug)
    return { latest: 'feeds/latest', tag: `feeds/tags/${slug}`, author: `feeds/authors/${slug}`, saved: `feeds/saved/${slug}`, article: `articles/${slug}`, campaign: `campaigns/${slug}` }[c.kind]
  }

  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign])
  const markup = (name, attributes, inside) =>
    `<${name}${attributes.map(([key, value]) => ` ${key}="${escaped(String(value))}"`).join('')}>${inside}</${name}>`

  const script = `<script async src="${origin}/embed.js"></` + 'script>'

  const element = (c) => {
    const name = isList(c) ? 'broadsheet-feed' : `broadsheet-${c.kind}`
    const who = { latest: [], tag: [['tag', c.slug]], author: [['author', c.slug]], saved: [['saved', c.slug]], article: [['slug', c.slug]], campaign: [['slug', c.slug]] }[c.kind]
    return { name, attributes: [...who, ...parameters(c)] }
  }

  const component = (c) => {
    const { name, attributes } = element(c)
    const link = c.url ? `\n  ${markup('a', [['href', c.url]], escaped(c.name))}\n` : ''
    return `${script}\n${markup(name, attributes, link)}`
  }

  const address = (c) => {
    const query = new URLSearchParams(parameters(c)).toString()
    return `${origin}/embed/${path(c)}${query && '?'}${query}`
  }

  // The height is that of the preview, which knows it.
  const frame = (c) => {
    const shown = preview.firstChild && preview.firstChild.frame
    const style = c.theme === 'auto' ? 'border:0' : `border:0;color-scheme:${c.theme}`
    return `${markup('iframe', [['src', address(c)], ['title', c.name || c.text], ['width', '100%'], ['height', shown ? parseInt(shown.style.height, 10) : 400],
      ['loading', 'lazy'], ['sandbox', sandbox], ['style', style]], '')}\n${script}`
  }

  const feed = (c) => {
    const query = c.token ? `?${new URLSearchParams({ token: c.token })}` : ''
    return `${origin}/${path(c)}.${c.format}${query}`
  }

  const oEmbed = (c) => {
    const query = new URLSearchParams({ url: c.url })
    if (c.token) query.set('token', c.token)
    return `${origin}/oembed?${query}`
  }

  // Everybody can read the page, so that it holds no token.
  const discovery = (c) => ['json', 'xml'].map((format) => {
    const address = `${origin}/oembed?${new URLSearchParams({ url: c.url, format })}`
    return `<link rel="alternate" type="${format === 'json' ? 'application' : 'text'}/${format}+oembed" href="${escaped(address)}" title="${escaped(c.name)}">`
  }).join('\n')

  const write = (c) => {
    for (const [id, text] of Object.entries({ component, frame, feed, oembed: oEmbed, discovery })) {
      const card = document.getElementById(id)
      const fits = !card.dataset.for || card.dataset.for.split(' ').includes(c.kind)
      card.hidden = !fits || c.wanting !== '' || (['oembed', 'discovery'].includes(id) && !c.url)
      if (!card.hidden) card.querySelector('code').textContent = text(c)
    }
  }

  let drawn = ''
  const draw = (c) => {
    const whole = c.wanting === ''
    hint.hidden = whole
    hint.textContent = c.wanting
    stage.className = c.theme
    preview.dataset.width = c.width
    const { name, attributes } = element(c)
    const now = whole ? JSON.stringify([name, attributes]) : ''
    if (now === drawn) return
    drawn = now
    preview.replaceChildren()
    if (!whole) return
    const shown = document.createElement(name)
    for (const [key, value] of attributes) shown.setAttribute(key, value)
    preview.append(shown)
  }

  const update = () => {
    const c = chosen()
    for (const field of form.querySelectorAll('[data-for]')) field.hidden = !field.dataset.for.split(' ').includes(c.kind)
    document.querySelector('#counted').textContent = c.count
    draw(c)
    write(c)
    remember(c)
    if (lists[c.kind] && c.text && !newsroom[c.kind].has(c.text)) {
      newsroom[c.kind].set(c.text, {}) // asked for once
      lookUp(c.kind, c.text).then((found) => found && update()).catch(() => newsroom[c.kind].delete(c.text))
    }
  }

  // The address of this page says what is chosen, all but the token, so that it can be sent to somebody.
  const kept = ['kind', 'tag', 'author', 'saved', 'article', 'campaign', 'lists', 'cards', 'count', 'theme', 'format', 'width']
  const usual = Object.fromEntries(new FormData(form))
  const remember = (c) => {
    const query = new URLSearchParams(kept.filter((name) => c[name] && c[name] !== usual[name] && (!(name in missing) || name === c.kind)).map((name) => [name, c[name]]))
    history.replaceState(null, '', `${location.pathname}${query.size ? '?' : ''}${query}`)
  }
  const recall = () => {
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (!kept.includes(name)) continue
      const field = form.elements[name]
      if (field instanceof RadioNodeList) {
        if ([...field].some((choice) => choice.value === value)) field.value = value
      } else if (field) {
        field.value = value
      }
    }
  }

  const copy = async (button) => {
    const code = button.closest('article').querySelector('code')
    try {
      await navigator.clipboard.writeText(code.textContent)
    } catch { // not allowed, or not over HTTPS
      getSelection().selectAllChildren(code)
      document.execCommand('copy')
    }
    button.classList.add('done')
    button.firstChild.data = 'Copied'
    document.querySelector('#said').textContent = `Copied: ${button.closest('article').querySelector('h3').textContent}`
    setTimeout(() => {
      button.classList.remove('done')
      button.firstChild.data = 'Copy'
      document.querySelector('#said').textContent = ''
    }, 2000)
  }

  let typing
  form.addEventListener('submit', (event) => event.preventDefault())
  document.addEventListener('input', (event) => {
    if (event.target.form !== form) return
    clearTimeout(typing)
    if (event.target.matches('[type="radio"], select')) update()
    else typing = setTimeout(update, 300)
  })
  document.addEventListener('click', (event) => {
    const button = event.target.closest('.take button')
    if (button) copy(button)
  })
  addEventListener('message', () => requestAnimationFrame(() => write(chosen())))

  recall()
  update()
  learn().catch(() => {}) // suggestions are a comfort
})()
