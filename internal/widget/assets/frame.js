// Inside a frame: tells the page around it how high the content is, goes on in a list without leaving it, and keeps the
// count of a campaign up to date.
(() => {
  'use strict'

  // The page around is not known, and a height is no secret.
  const tell = () => parent.postMessage(
    { type: 'broadsheet:frame', height: document.documentElement.getBoundingClientRect().height, title: document.title }, '*')

  // An animation frame may be long in coming where nobody sees us yet, so that the first word is said at once.
  let told = false
  const tellSoon = () => {
    if (told) return
    told = true
    requestAnimationFrame(() => {
      told = false
      tell()
    })
  }

  if (parent !== window) {
    tell()
    new ResizeObserver(tellSoon).observe(document.documentElement)
    addEventListener('load', tell)
    addEventListener('message', (event) => {
      if (event.source === parent && event.data && event.data.type === 'broadsheet:page') tell()
    })
  }

  const read = async (address, cache) => {
    const answer = await fetch(address, { credentials: 'omit', cache })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    return new DOMParser().parseFromString(await answer.text(), 'text/html')
  }

  const goOn = async (link) => {
    link.setAttribute('aria-busy', 'true')
    try {
      const page = await read(link.href, 'default')
      const stories = [...page.querySelectorAll('.stories > li')]
      if (!stories.length) throw new Error('no stories')
      document.querySelector('.stories').append(...stories)
      const next = page.querySelector('a.more')
      if (next) link.replaceWith(next)
      else link.closest('.onward').remove()
      stories[0].querySelector('a').focus({ preventScroll: link.closest('.list') !== null })
    } catch {
      location.href = link.href
    }
  }

  document.addEventListener('click', (event) => {
    const link = event.target.closest(self.origin === 'null' ? 'a.more[data-in-place]' : 'a.more')
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    if (link.getAttribute('aria-busy') !== 'true') goOn(link)
  })

  // While somebody looks at a campaign, its count is asked for again: without a partner's token, to whom it costs nothing so.
  const campaign = document.querySelector('.campaign')
  if (!campaign) return
  const often = 10_000 // milliseconds, as all times; longer each time that it fails
  const seldom = 600_000
  let every = often
  let askedAt = performance.now()
  let seen = false
  let timer

  const count = async () => {
    askedAt = performance.now()
    try {
      const page = await read(location.pathname, 'no-cache')
      for (const part of ['.count', 'progress', '.notes']) {
        const now = campaign.querySelector(part)
        const next = page.querySelector(part)
        if (!now || !next || now.outerHTML === next.outerHTML) continue
        now.replaceWith(next)
        campaign.classList.add('changed')
      }
      every = often
    } catch {
      every = Math.min(every * 2, seldom)
    }
    wait()
  }
  const wait = () => {
    clearTimeout(timer)
    if (seen && document.visibilityState === 'visible') timer = setTimeout(count, Math.max(0, askedAt + every - performance.now()))
  }
  document.addEventListener('visibilitychange', wait)
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting
    wait()
  }).observe(campaign)
})()
