package content

import (
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
)

// The identifiers of rows, one type per noun. Over GraphQL each becomes an opaque global id that names its type.
type (
	ArticleID  int64
	AuthorID   int64
	TagID      int64
	CampaignID int64
)

func (id ArticleID) MarshalGQL(w io.Writer)  { writeGlobalID(w, "Article", int64(id)) }
func (id AuthorID) MarshalGQL(w io.Writer)   { writeGlobalID(w, "Author", int64(id)) }
func (id TagID) MarshalGQL(w io.Writer)      { writeGlobalID(w, "Tag", int64(id)) }
func (id CampaignID) MarshalGQL(w io.Writer) { writeGlobalID(w, "Campaign", int64(id)) }

func (id *ArticleID) UnmarshalGQL(v any) error  { return readGlobalID(v, "Article", (*int64)(id)) }
func (id *AuthorID) UnmarshalGQL(v any) error   { return readGlobalID(v, "Author", (*int64)(id)) }
func (id *TagID) UnmarshalGQL(v any) error      { return readGlobalID(v, "Tag", (*int64)(id)) }
func (id *CampaignID) UnmarshalGQL(v any) error { return readGlobalID(v, "Campaign", (*int64)(id)) }

// GlobalID is the opaque id under which every door knows the row.
func (id ArticleID) GlobalID() string { return globalID("Article", int64(id)) }

// GlobalID is the opaque id under which every door knows the row.
func (id AuthorID) GlobalID() string { return globalID("Author", int64(id)) }

// GlobalID is the opaque id under which every door knows the row.
func (id TagID) GlobalID() string { return globalID("Tag", int64(id)) }

func writeGlobalID(w io.Writer, typeName string, id int64) {
	quoted := make([]byte, 0, 40)
	quoted = append(quoted, '"')
	quoted = append(quoted, globalID(typeName, id)...)
	quoted = append(quoted, '"')
	_, _ = w.Write(quoted)
}

func readGlobalID(v any, typeName string, id *int64) error {
	text, ok := v.(string)
	if !ok {
		return badInput("An id is a string.")
	}
	parsed, err := idOf(typeName, text)
	*id = parsed
	return err
}

func globalID(typeName string, id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(typeName + ":" + strconv.FormatInt(id, 10)))
}

// parseGlobalID takes a global id apart. The error is an *Error with the code BadUserInput.
func parseGlobalID(text string) (typeName string, id int64, err error) {
	plain, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil {
		name, number, _ := strings.Cut(string(plain), ":")
		id, err = strconv.ParseInt(number, 10, 64)
		if err == nil && globalID(name, id) != text {
			err = errors.New("not in the form we write")
		}
		typeName = name
	}
	switch typeName {
	case "Article", "Author", "Tag", "Campaign":
	default:
		err = errors.New("no such type")
	}
	if err != nil {
		return "", 0, badInput("%q is not an id that this server gave out. Pass ids on unchanged.", text)
	}
	return typeName, id, nil
}

// idOf returns the row's id if the global id is one of typeName.
func idOf(typeName, text string) (int64, error) {
	found, id, err := parseGlobalID(text)
	if err == nil && found != typeName {
		err = badInput("The id %q belongs to the type %s; an id of the type %s is wanted here.", text, found, typeName)
	}
	return id, err
}
