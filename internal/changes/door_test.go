package changes

import (
	"strings"
	"testing"

	"broadsheet/internal/content"
)

// Whoever is cut off between two events of one position is told both again.
func TestTheLastEventOfAPositionHasItsID(t *testing.T) {
	t.Parallel()
	at := func(position content.Position) *content.Change {
		return &content.Change{Position: position, Effect: content.Updated}
	}
	for _, c := range []struct {
		page *content.ChangePage
		want string // the first letters of the lines
	}{
		{&content.ChangePage{Position: 4}, ": "},
		{&content.ChangePage{Position: 5}, "i "},
		{&content.ChangePage{Position: 5, Changes: []*content.Change{at(5)}}, "ied "},
		{&content.ChangePage{Position: 5, Changes: []*content.Change{at(5), at(5), at(5)}}, "ed ed ied "},
		{&content.ChangePage{Position: 7, Changes: []*content.Change{at(5), at(5), at(6)}}, "ed ied ied i "},
	} {
		var got strings.Builder
		for line := range strings.SplitSeq(strings.TrimSuffix(string(events(c.page, 4)), "\n"), "\n") {
			got.WriteString((line + " ")[:1])
		}
		if got.String() != c.want {
			t.Errorf("%q, want %q", got.String(), c.want)
		}
	}
}
