package content

import (
	"context"
	"encoding/binary"
	"slices"
	"time"
)

// Form is a way in which a door writes articles: the same article in the same form is the same bytes, until something
// changes that it is made from. 0 is none.
type Form uint32

// NewForm returns a form that no door has yet, or 0 if nothing is kept.
func (s *Service) NewForm() Form {
	if s == nil || s.memory == nil {
		return 0
	}
	return Form(s.memory.forms.Add(1))
}

// shortKey stands for a Key that an article is made from, in little memory and without a pointer.
type shortKey struct {
	kind uint8 // its place in shortKinds, counted from firstShortKind
	id   int64
}

// shortKinds are the kinds of keys that articles in memory are made from. Their numbers are none of a memoryKind.
var shortKinds = [...]string{
	"article", "article-words", "article-minutes", "article-time", "article-seo", "article-featured", "article-tags", "article-primary-tag",
	"article-authors", "article-video", "article-corrections", "related", "tag", "tag-text", "author", "author-text", "image",
}

const firstShortKind = 128

// shortKeyOf returns false if the key is none that a rendition can be made from.
func shortKeyOf(key Key) (shortKey, bool) {
	kind := slices.Index(shortKinds[:], key.Kind)
	return shortKey{firstShortKind + uint8(kind), key.ID}, kind >= 0 && key.Name == ""
}

func (k shortKey) dependency() Dependency { return onID(shortKinds[k.kind-firstShortKind], k.id) }

// written is how an article is in a form: as it was written before, or to be kept when it is.
type written struct {
	bytes []byte
	keep  func(bytes []byte)
}

// Written is what the door wrote of the article in the form that it asks for, nil if it has to write it.
func (a *Article) Written() []byte {
	if a.written == nil {
		return nil
	}
	return a.written.bytes
}

// Write says what the door has written, for the next time. The bytes are copied.
func (a *Article) Write(bytes []byte) {
	if a.written != nil && a.written.keep != nil {
		a.written.keep(bytes)
	}
}

// recallArticles completes those articles that need nothing but memory, one by one, so that it is known what each is made
// from; or finds that the door has written them before. It returns the others: all, if they are in no form.
func (s *Service) recallArticles(ctx context.Context, articles []*Article, form Form, asked *Selection) (missing []*Article) {
	if form == 0 {
		return articles
	}
	now, room := time.Now(), make([]byte, 0, len(articles)*usualRendition)
	for _, a := range articles {
		var written bool
		if room, written = s.recallWritten(ctx, a, form, now, room); !written && !s.recallArticle(ctx, a, form, asked) {
			missing = append(missing, a)
		}
	}
	return missing
}

// usualRendition is how many bytes a rendition takes that is none of the largest.
const usualRendition = 1536

// recallWritten finds a rendition, in the room that is given as far as it goes: how many keys it is made from, the keys, and
// what was written.
func (s *Service) recallWritten(ctx context.Context, a *Article, form Form, now time.Time, room []byte) (longer []byte, found bool) {
	rendition, longer, found := s.memory.lookUpIn(room, memoryKey{kind: renditionOfArticle, form: form, id: int64(a.ID)}, now)
	if !found {
		return room, false
	}
	text := rendition.text()
	for range text.unsigned() {
		if s.memory.latest.of(text.byte(), int64(text.unsigned()), "").Load() > rendition.announced {
			return room, false
		}
	}
	a.written = &written{bytes: rendition.bytes[len(rendition.bytes)-len(text):]}
	s.memory.written.Add(1)
	if dependencies, _ := ctx.Value(dependenciesKey{}).(*Dependencies); dependencies != nil {
		text = rendition.text()
		dependencies.mu.Lock()
		defer dependencies.mu.Unlock()
		for range text.unsigned() {
			dependencies.all = append(dependencies.all, shortKey{text.byte(), int64(text.unsigned())}.dependency())
		}
	}
	return longer, true
}

// recallArticle completes an article if all is in memory, so that what the door makes of it is kept.
func (s *Service) recallArticle(ctx context.Context, a *Article, form Form, asked *Selection) bool {
	reading := s.memory.begin()
	whole, kept := lookUpRow[Article](s.memory, headOfArticle, int64(a.ID), reading.at)
	if !kept {
		return false
	}
	alone, made := WithDependencies(ctx, make([]Dependency, 0, 32))
	inMemory := new(batch)
	if s.completeArticles(alone, inMemory, []*Article{whole}, asked) != nil || inMemory.run(alone) != nil {
		return false // what is wrong with what was asked, reading the others tells
	}
	depend(ctx, made.all...)
	if reading.takes() {
		whole.written = &written{keep: func(bytes []byte) { reading.keepWritten(a.ID, form, bytes, made.all) }}
	}
	*a = *whole
	return true
}

// keepWritten keeps a rendition, unless it is made from something that has no short key.
func (r reading) keepWritten(id ArticleID, form Form, bytes []byte, made []Dependency) {
	keys := make([]shortKey, 0, len(made))
	for _, d := range made {
		k, is := shortKeyOf(d.Key)
		if !is {
			return
		}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	key := memoryKey{kind: renditionOfArticle, form: form, id: int64(id)}
	r.keepUntil(key, r.memory.options.GoodUntil(r.at, made), func(entry []byte) []byte {
		entry = binary.AppendUvarint(entry, uint64(len(keys)))
		for _, k := range keys {
			entry = binary.AppendUvarint(append(entry, k.kind), uint64(k.id))
		}
		return append(entry, bytes...)
	})
}
