package feed

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"broadsheet/internal/content"
)

// request is what an address asks for.
type request struct {
	noun   string // what the feed is of: latest, tags, authors or saved
	slug   string // of the tag or the author; the name of a saved feed
	format *format

	profile *profile
	after   string // the cursor that the page begins after; empty: the newest page
	limit   int    // items; 0: as many as is usual for the feed
	token   string // of a partner, for whom the next page is, too; empty if none is in the address
}

const (
	defaultLimit = 20
	mostItems    = content.MostPerPage
)

// parse reads the address of a feed. The error has the code BadUserInput; both are nil if there is no feed of that form.
func parse(address *url.URL) (*request, error) {
	asked := readPath(address.Path)
	if asked == nil {
		return nil, nil
	}
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return nil, refusal("What follows the ? of the address is not in the form application/x-www-form-urlencoded.")
	}
	asked.after, asked.token = query.Get("after"), query.Get("token")
	if text := query.Get("limit"); text != "" {
		if asked.limit, err = readLimit(text); err != nil {
			return nil, err
		}
	}
	asked.profile, err = readProfile(query.Get("profile"), asked.format)
	return asked, err
}

func readProfile(name string, format *format) (*profile, error) {
	p := profileNamed(name)
	if p == nil {
		return nil, refusal("profile has to be plain, msn or flipboard; without it, a feed has all there is.")
	}
	if !slices.Contains(p.formats, format.extension) {
		return nil, refusal("Of the profile %s there is no .%s, but .%s.", name, format.extension, strings.Join(p.formats, ", ."))
	}
	return p, nil
}

func readLimit(text string) (int, error) {
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > mostItems {
		return 0, refusal("limit has to be a number from 1 to %d.", mostItems)
	}
	return limit, nil
}

func readPath(path string) *request {
	name, extension := path, ""
	if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
		name, extension = path[:dot], path[dot+1:]
	}
	asked := &request{format: formatOf(extension)}
	if asked.format == nil {
		return nil
	}
	name, _ = strings.CutPrefix(name, "/feeds/")
	noun, slug, hasSlug := strings.Cut(name, "/")
	switch noun {
	case "latest":
		if hasSlug {
			return nil
		}
	case "tags", "authors", "saved":
		if slug == "" || strings.Contains(slug, "/") {
			return nil
		}
	default:
		return nil
	}
	asked.noun, asked.slug = noun, slug
	return asked
}

// address is that of a page of the feed, on a server that is reached at the origin.
func (r *request) address(origin, after string) string {
	address := origin + r.path()
	query := make(url.Values)
	if after != "" {
		query.Set("after", after)
	}
	if r.profile.name != "" {
		query.Set("profile", r.profile.name)
	}
	if r.limit != 0 {
		query.Set("limit", strconv.Itoa(r.limit))
	}
	if r.token != "" {
		query.Set("token", r.token)
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

func (r *request) path() string {
	path := "/feeds/" + r.noun
	if r.slug != "" {
		path += "/" + url.PathEscape(r.slug)
	}
	return path + "." + r.format.extension
}

func refusal(message string, values ...any) error {
	return &content.Error{Code: content.BadUserInput, Message: fmt.Sprintf(message, values...)}
}
