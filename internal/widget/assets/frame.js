// Inside a frame: tells the page around it how high the content is, and goes on in a list without leaving it.
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

  const goOn = async (link) => {
    link.setAttribute('aria-busy', 'true')
    try {
      const answer = await fetch(link.href, { credentials: 'omit' })
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
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
})()
