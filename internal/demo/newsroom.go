package demo

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed newsroom.json
var newsroomFile []byte

// newsroom is all but the stories.
type newsroom struct {
	Name        string
	Description string
	Campaign    struct {
		Slug, Title, Message, URL string
		Joined, Goal              int
		AsOf                      age
	}
	Authors []struct {
		Slug, Name, Bio, Email, Website, Location string
		OldSlug                                   string
	}
	Tags []struct {
		Slug, Name, Kind, Description string
		Image, Alt                    string
		OldSlug                       string
		Internal                      bool
	}
}

func readNewsroom() (*newsroom, error) {
	read := new(newsroom)
	decoder := json.NewDecoder(bytes.NewReader(newsroomFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(read); err != nil {
		return nil, fmt.Errorf("newsroom.json: %w", err)
	}
	return read, nil
}
