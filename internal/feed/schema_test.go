package feed_test

import (
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Every JSON that we write holds to the schema of its format.
func TestJSONIsOfItsSchema(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	n.fill(hostile)
	n.exec(`update articles set kind = 'OPINION', access = 'PAID' where id = 3`)
	n.exec(`update articles set status = 'RETRACTED', retraction_reason = 'Not & never <true>' where id = 4`)
	for format, schema := range map[string]string{"json": "jsonfeed.json", "ninjs": "ninjs.json"} {
		for _, address := range []string{"/feeds/latest.", "/feeds/tags/news.", "/feeds/authors/mara."} {
			validate(t, schema, n.body(address+format))
			validate(t, schema, n.body(address+format+"?limit=3"))
		}
	}
}

// A schema that lets everything pass shows nothing.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ schema, text string }{
		{"ninjs.json", `{"type": "text"}`},
		{"ninjs.json", `{"uri": "tag:a,2026:b", "link": "https://a.example/"}`},
		{"ninjs.json", `{"uri": "tag:a,2026:b", "associations": [{"uri": "tag:a,2026:c"}]}`},
		{"ninjs.json", `{"uri": "tag:a,2026:b", "pubStatus": "usable", "associations": [{"name": "x", "uri": "tag:a,2026:c", "pubStatus": "retracted"}]}`},
		{"ninjs.json", `{"uri": "tag:a,2026:b", "versionCreated": "yesterday"}`},
		{"jsonfeed.json", `{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1"}]}`},
		{"jsonfeed.json", `{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [], "author": {}}`},
	} {
		if err := problems(t, test.schema, test.text); err == nil {
			t.Errorf("%s lets %s pass", test.schema, test.text)
		}
	}
}

func validate(t *testing.T, schema, text string) {
	t.Helper()
	if err := problems(t, schema, text); err != nil {
		t.Errorf("%s: %v\n%.2000s", schema, err, text)
	}
}

func problems(t *testing.T, schema, text string) error {
	t.Helper()
	file, err := os.Open("testdata/schemas/" + schema)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	read, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(schema, read); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return compiler.MustCompile(schema).Validate(instance)
}
