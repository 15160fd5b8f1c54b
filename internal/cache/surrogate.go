package cache

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"broadsheet/internal/content"
)

// Answers tell caches further out what they were made from by keys of eight characters, in the headers Surrogate-Key and
// Cache-Tag; a list's places are left out. Two of them are special:
const (
	// EveryAnswer is on each answer.
	EveryAnswer = "any"
	// manifoldAnswer is on answers that were made from more than mostKeys: any change purges them.
	manifoldAnswer = "many"
)

// mostKeys is how many keys an answer has at the most: caches take headers of some 8 KB.
const mostKeys = 800

// SurrogateKeys are the keys of the answers that announcements concern, each once. If they hold content.Everything, it is
// EveryAnswer alone.
func SurrogateKeys(announced []content.Announcement) []string {
	keys := []string{manifoldAnswer}
	for _, a := range announced {
		if a.Key == content.Everything {
			return []string{EveryAnswer}
		}
		keys = append(keys, surrogateKey(a.Key))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keysOf are those of an answer that was made from these.
func keysOf(dependencies []content.Dependency) []string {
	keys := make([]string, 0, len(dependencies))
	for _, d := range dependencies {
		keys = append(keys, surrogateKey(d.Key))
	}
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) > mostKeys {
		keys = []string{manifoldAnswer}
	}
	return append(keys, EveryAnswer)
}

// surrogateKey is the same on every node. Of two keys that it cannot tell apart, each purges the other's answers, too.
func surrogateKey(key content.Key) string {
	sum := sha256.Sum256([]byte(key.String()))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}
