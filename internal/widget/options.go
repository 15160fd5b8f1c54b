package widget

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"broadsheet/internal/content"
)

const (
	layoutCard    = "card"
	layoutCompact = "compact"
	layoutList    = "list"
	layoutRail    = "rail"

	defaultCount = 5
	mostCount    = 20
)

// options are how a frame is to look, as its address says.
type options struct {
	Layout string // the first of the kind's layouts if none is named
	Count  int    // stories of a page of a list, 1 to mostCount
	Theme  string // light, dark, or auto: as the page around the frame
	After  string // cursor of a list; empty: from its beginning
	Token  string // of a partner; already checked

	usual string // the layout that goes without saying
}

// usualOptions are those of an address without a query.
func usualOptions(layouts ...string) options {
	return options{Layout: layouts[0], Count: defaultCount, Theme: "auto", usual: layouts[0]}
}

// parseOptions reads the query of a frame's address. Parameters that it does not know are passed over. Its errors have
// the code BadUserInput.
func parseOptions(rawQuery string, layouts ...string) (options, error) {
	query, err := parseQuery(rawQuery)
	if err != nil {
		return options{}, err
	}
	o := usualOptions(layouts...)
	o.Layout, o.Theme = cmp.Or(query.Get("layout"), o.Layout), cmp.Or(query.Get("theme"), o.Theme)
	o.After, o.Token = query.Get("after"), query.Get("token")
	if !slices.Contains(layouts, o.Layout) {
		return o, badInput("layout is %s here, not %.40q.", strings.Join(layouts, " or "), o.Layout)
	}
	if themes := []string{"light", "dark", "auto"}; !slices.Contains(themes, o.Theme) {
		return o, badInput("theme is light, dark or auto, not %.40q.", o.Theme)
	}
	if text := query.Get("count"); text != "" {
		o.Count, err = strconv.Atoi(text)
		if err != nil || o.Count < 1 || o.Count > mostCount {
			return o, badInput("count is a number from 1 to %d, not %.40q.", mostCount, text)
		}
	}
	return o, nil
}

func parseQuery(raw string) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badInput("The address has a query that cannot be read: %s.", strings.TrimPrefix(err.Error(), "invalid "))
	}
	return query, nil
}

// at is the address of a frame that looks like this, as short as it can be.
func (o options) at(path string) string {
	query, usual := url.Values{}, usualOptions(o.usual)
	for _, parameter := range []struct{ name, value, usual string }{
		{"layout", o.Layout, usual.Layout}, {"count", strconv.Itoa(o.Count), strconv.Itoa(usual.Count)},
		{"theme", o.Theme, usual.Theme}, {"after", o.After, ""}, {"token", o.Token, ""},
	} {
		if parameter.value != parameter.usual {
			query.Set(parameter.name, parameter.value)
		}
	}
	return (&url.URL{Path: path, RawQuery: query.Encode()}).String()
}

// from is the same frame, going on after a cursor.
func (o options) from(cursor string) options {
	o.After = cursor
	return o
}

func badInput(format string, values ...any) error {
	return &content.Error{Code: content.BadUserInput, Message: fmt.Sprintf(format, values...)}
}
