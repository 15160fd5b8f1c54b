package graph

import (
	"mime"
	"strconv"
	"strings"
)

// The media types that answers have.
const (
	responseType = "application/graphql-response+json"
	legacyType   = "application/json" // its status is 200 whatever GraphQL has to say
)

// negotiate returns the media type that the client prefers, "" if it accepts none (RFC 9110, section 12.5.1). Where the
// client leaves the choice, it is one that does not know the newer type: it gets the older.
func negotiate(accept []string) string {
	header := strings.TrimSpace(strings.Join(accept, ","))
	if header == "" {
		return legacyType
	}
	ranges := parseRanges(header)
	legacy, response := preferenceFor(legacyType, ranges), preferenceFor(responseType, ranges)
	switch {
	case legacy.weight == 0 && response.weight == 0:
		return ""
	case response.beats(legacy), response == legacy && response.exactness == exact:
		return responseType
	default:
		return legacyType
	}
}

// mediaRange is an element of the header Accept.
type mediaRange struct {
	name   string  // such as application/json, application/* or */*
	weight float64 // 0 (never) to 1
}

// parseRanges leaves out what is no media range.
func parseRanges(header string) []mediaRange {
	var ranges []mediaRange
	for element := range strings.SplitSeq(header, ",") {
		name, parameters, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, given := parameters["q"]; given {
			weight, err = strconv.ParseFloat(q, 64)
			if err != nil || !(weight >= 0 && weight <= 1) {
				continue
			}
		}
		ranges = append(ranges, mediaRange{name, weight})
	}
	return ranges
}

// preference is how much a media type is wanted, by the range that fits it most exactly.
type preference struct {
	weight    float64
	exactness int
}

const (
	anything   = iota + 1 // */*
	anySubtype            // application/*
	exact
)

func (p preference) beats(other preference) bool {
	if p.weight != other.weight {
		return p.weight > other.weight
	}
	return p.exactness > other.exactness
}

func preferenceFor(mediaType string, ranges []mediaRange) preference {
	var found preference
	for _, r := range ranges {
		exactness := 0
		switch r.name {
		case mediaType:
			exactness = exact
		case "application/*":
			exactness = anySubtype
		case "*/*":
			exactness = anything
		}
		if exactness > found.exactness {
			found = preference{r.weight, exactness}
		}
	}
	return found
}
