// Web components that show a newsroom's stories in frames, and frames that are as high as what is in them.
//
//   <broadsheet-feed tag="harbour" count="5" layout="list" theme="auto"><a href="…">Harbour</a></broadsheet-feed>
//   <broadsheet-feed saved="evening-briefing"></broadsheet-feed>
//   <broadsheet-article slug="a-story"><a href="…">A story</a></broadsheet-article>
//   <broadsheet-campaign slug="membership"></broadsheet-campaign>
//
// What stands inside an element is shown until its frame has come, and to those who have no script.
(() => {
  'use strict'

  const origin = new URL(document.currentScript.src).origin
  const least = 40 // pixels, as all heights
  const most = 5000
  const sandbox = 'allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation'

  const shown = new Map() // the frames of elements, and what to do when one has come

  // A frame in a sandbox has no origin. Whose frame it is, its window alone tells.
  const frameOf = (event) => {
    if (event.origin !== 'null' && event.origin !== origin) return
    const own = [...shown.keys()].find((frame) => frame.contentWindow === event.source)
    return own || [...document.querySelectorAll('iframe')].find((frame) => frame.contentWindow === event.source && ours(frame))
  }
  const ours = (frame) => frame.src.startsWith(`${origin}/embed/`)

  addEventListener('message', (event) => {
    const said = event.data
    if (!said || said.type !== 'broadsheet:frame') return
    const frame = frameOf(event)
    if (!frame) return
    if (typeof said.height === 'number' && Number.isFinite(said.height)) {
      frame.style.height = `${Math.min(Math.max(Math.ceil(said.height), least), most)}px`
    }
    const come = shown.get(frame)
    if (come) come(said)
  })

  // Frames that came before this script have spoken to nobody.
  const ask = () => {
    for (const frame of document.querySelectorAll('iframe')) {
      if (ours(frame)) frame.contentWindow.postMessage({ type: 'broadsheet:page' }, '*')
    }
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', ask)
  else ask()

  const style = new CSSStyleSheet()
  style.replaceSync(`
    :host { display: grid; min-width: 0; }
    :host([hidden]) { display: none; }
    iframe, slot { grid-area: 1 / 1; }
    slot { display: block; }
    iframe { width: 100%; border: 0; }
    iframe:not(.come) { opacity: 0; pointer-events: none; }
    .come + slot { display: none; }`)

  class Embed extends HTMLElement {
    static observedAttributes = ['tag', 'author', 'saved', 'slug', 'count', 'layout', 'theme', 'token', 'from']

    connectedCallback() {
      this.draw()
    }

    disconnectedCallback() {
      shown.delete(this.frame)
    }

    // Several attributes that change together make one new frame.
    attributeChangedCallback() {
      if (!this.frame || this.changing) return
      this.changing = true
      queueMicrotask(() => {
        this.changing = false
        if (this.isConnected) this.draw()
      })
    }

    address() {
      const address = new URL(`/embed/${this.path()}`, this.getAttribute('from') || origin)
      for (const name of ['layout', 'count', 'theme', 'token']) {
        const value = this.getAttribute(name)
        if (value) address.searchParams.set(name, value)
      }
      return address.href
    }

    draw() {
      const root = this.shadowRoot || this.attachShadow({ mode: 'open' })
      root.adoptedStyleSheets = [style]
      shown.delete(this.frame)
      const frame = document.createElement('iframe')
      frame.setAttribute('sandbox', sandbox)
      frame.loading = 'lazy'
      frame.title = this.getAttribute('label') || this.textContent.trim() || 'Stories'
      frame.style.height = `${this.height()}px`
      // In another scheme than its element's, a frame gets a background that nothing shines through.
      const theme = this.getAttribute('theme')
      if (theme === 'light' || theme === 'dark') frame.style.colorScheme = theme
      frame.src = this.address()
      this.frame = frame
      shown.set(frame, (said) => {
        frame.className = 'come'
        if (typeof said.title === 'string' && !this.hasAttribute('label')) frame.title = said.title.slice(0, 200)
      })
      root.replaceChildren(frame, document.createElement('slot'))
    }
  }

  class Feed extends Embed {
    path() {
      for (const [name, list] of [['tag', 'tags'], ['author', 'authors'], ['saved', 'saved']]) {
        if (this.getAttribute(name)) return `feeds/${list}/${encodeURIComponent(this.getAttribute(name))}`
      }
      return 'feeds/latest'
    }

    height() {
      return this.getAttribute('layout') === 'rail' ? 360 : 110 + 110 * (Number(this.getAttribute('count')) || 5)
    }
  }

  class Article extends Embed {
    path() {
      return `articles/${encodeURIComponent(this.getAttribute('slug') || '')}`
    }

    height() {
      return this.getAttribute('layout') === 'compact' ? 150 : 250 + Math.min(this.clientWidth, 600) * 9 / 16
    }
  }

  class Campaign extends Embed {
    path() {
      return `campaigns/${encodeURIComponent(this.getAttribute('slug') || '')}`
    }

    height() {
      return 260
    }
  }

  for (const [name, element] of [['broadsheet-feed', Feed], ['broadsheet-article', Article], ['broadsheet-campaign', Campaign]]) {
    if (!customElements.get(name)) customElements.define(name, element)
  }
})()
