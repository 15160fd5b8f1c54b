package cache

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// codings are the ways to compress an answer, the one that is preferred first.
type codings [2]coding

// coding is a way to compress (RFC 9110, section 8.4.1).
type coding struct {
	place    int
	name     string
	compress func(body []byte) []byte
}

// leastToCompress is the size below which what a coding adds eats up what it saves.
const leastToCompress = 512

func newCodings() *codings {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(err) // the options are constants
	}
	return &codings{
		{0, "zstd", func(body []byte) []byte { return bytes.Clone(encoder.EncodeAll(body, nil)) }},
		{1, "gzip", func(body []byte) []byte {
			var out bytes.Buffer
			zip := gzip.NewWriter(&out)
			_, _ = zip.Write(body) // a buffer takes everything
			_ = zip.Close()
			return bytes.Clone(out.Bytes())
		}},
	}
}

// accepted returns the coding that the client wants most, nil if it is none of ours (RFC 9110, section 12.5.3).
func (c *codings) accepted(accept []string) (best *coding) {
	if len(accept) == 0 {
		return nil
	}
	most, list := 0.0, strings.Join(accept, ",")
	for i := range c {
		if weight := weightOf(c[i].name, list); weight > most {
			best, most = &c[i], weight
		}
	}
	if most < weightOf("identity", list) && strings.Contains(list, "identity") {
		return nil
	}
	return best
}

// weightOf is how much a coding is wanted, from 0 to 1.
func weightOf(name, list string) float64 {
	weight := 0.0
	for part := range strings.SplitSeq(list, ",") {
		named, parameters, _ := strings.Cut(part, ";")
		if named = strings.TrimSpace(named); named != "*" && !strings.EqualFold(named, name) {
			continue
		}
		quality := 1.0
		if q, given := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameters), " ", ""), "q="); given {
			quality, _ = strconv.ParseFloat(q, 64) // what is no number is 0: not wanted
		}
		if named != "*" {
			return quality
		}
		weight = quality
	}
	return weight
}
