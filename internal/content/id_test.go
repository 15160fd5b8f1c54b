package content

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A text is a global id that we write, or it is refused with the code for it.
func FuzzParseGlobalID(f *testing.F) {
	for _, seed := range []string{
		globalID("Article", 1), globalID("Author", -1), globalID("Tag", 1<<62), globalID("Campaign", 0), globalID("Site", 1),
		"", "QXJ0aWNsZTox=", "QXJ0aWNsZTowMQ", "QXJ0aWNsZTo", "1", "QXJ0aWNsZTo5OTk5OTk5OTk5OTk5OTk5OTk5OQ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typeName, id, err := parseGlobalID(text)
		if err != nil {
			if known, ok := errors.AsType[*Error](err); !ok || known.Code != BadUserInput {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if globalID(typeName, id) != text {
			t.Errorf("%q is read as %s %d, which is written %q", text, typeName, id, globalID(typeName, id))
		}
	})
}

func TestGlobalIDNamesItsType(t *testing.T) {
	t.Parallel()
	var written bytes.Buffer
	ArticleID(12).MarshalGQL(&written)
	text := strings.Trim(written.String(), `"`)
	var article ArticleID
	if err := article.UnmarshalGQL(text); err != nil || article != 12 {
		t.Errorf("%s is read as %d (%v)", text, article, err)
	}
	var tag TagID
	if err := tag.UnmarshalGQL(text); err == nil || !strings.Contains(err.Error(), "belongs to the type Article") {
		t.Errorf("%s is taken for the id of a tag: %v", text, err)
	}
	if err := tag.UnmarshalGQL(12); err == nil {
		t.Error("a number is taken for an id")
	}
}
