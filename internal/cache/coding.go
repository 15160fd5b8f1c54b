package cache

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"broadsheet/internal/negotiation"
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

// accepted returns the coding that the client wants most, nil if it is none of ours.
func (c *codings) accepted(accept []string) *coding {
	wanted := negotiation.Coding(accept, c[0].name, c[1].name)
	for i := range c {
		if c[i].name == wanted {
			return &c[i]
		}
	}
	return nil
}
