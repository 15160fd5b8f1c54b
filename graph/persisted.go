package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"broadsheet/internal/content"
)

// documentKind is how a request says which document it means.
type documentKind string

const (
	textDocument      documentKind = "text"      // by its text
	persistedDocument documentKind = "persisted" // by the digest of a text that was sent before
	trustedDocument   documentKind = "trusted"   // by the id of one that the newsroom trusts, or by its very text
)

// persistedQuery is the member of a request's extensions with which clients name a document by its digest, and let the
// server know the text when it does not (Apollo's automatic persisted queries).
type persistedQuery struct {
	given   bool
	version string
	digest  string // as it was given
}

func readPersistedQuery(extensions map[string]any) persistedQuery {
	member, given := extensions["persistedQuery"].(map[string]any)
	if !given {
		return persistedQuery{given: extensions["persistedQuery"] != nil}
	}
	version, _ := member["version"].(json.Number)
	sum, _ := member["sha256Hash"].(string)
	return persistedQuery{true, version.String(), sum}
}

// find returns the document that is asked for, with what is wrong with it. It is never nil.
func (d *door) find(asked *request) (*ast.QueryDocument, documentKind, gqlerror.List) {
	named := readPersistedQuery(asked.extensions)
	if document := d.trusted.byID(named.digest); document != nil && named.version == "1" {
		return document, trustedDocument, nil // whose manifest may have ids of another sort
	}
	switch {
	case named.given && (named.version != "1" || !isDigest(named.digest)):
		return noDocument(codeNotPersisted, "PersistedQueryNotSupported") // the message that clients look for
	case asked.documentID != "" && (asked.query != "" || named.given):
		return noDocument(string(content.BadUserInput), "A document is named once: by documentId, by query, or by extensions.persistedQuery.")
	case asked.documentID != "":
		return d.findByID(asked.documentID)
	case named.given && asked.query == "":
		return d.findByID(digestScheme + named.digest)
	case named.given && !strings.EqualFold(named.digest, textDigest(asked.query)):
		return noDocument(string(content.BadUserInput), "provided sha does not match query: sha256Hash has to be the SHA-256 of the query's text in UTF-8.")
	}
	return d.findByText(asked.query)
}

// digestScheme begins ids that are digests (GraphQL over HTTP, appendix A).
const digestScheme = "sha256:"

func (d *door) findByID(id string) (*ast.QueryDocument, documentKind, gqlerror.List) {
	sum, isSum := strings.CutPrefix(id, digestScheme)
	if isSum {
		sum = strings.ToLower(sum)
	}
	if document := d.trusted.byID(sum); document != nil {
		return document, trustedDocument, nil
	}
	if isSum && isDigest(sum) && !d.trusted.only() {
		if document := d.documents.known(parseDigest(sum)); document != nil {
			return document, persistedDocument, nil
		}
	}
	return noDocument(codeNotFound, "PersistedQueryNotFound")
}

func (d *door) findByText(text string) (*ast.QueryDocument, documentKind, gqlerror.List) {
	if document := d.trusted.byText(text); document != nil {
		return document, trustedDocument, nil
	}
	if d.trusted.only() {
		return noDocument(codeForbidden, "This server executes only the documents that it was given beforehand. Send the id of one as documentId.")
	}
	document, problems := d.documents.read(text)
	return document, textDocument, problems
}

func noDocument(code, message string) (*ast.QueryDocument, documentKind, gqlerror.List) {
	return new(ast.QueryDocument), textDocument, gqlerror.List{coded(code, message)}
}

func textDigest(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func isDigest(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == 2*sha256.Size
}

func parseDigest(text string) (sum digest) {
	_, _ = hex.Decode(sum[:], []byte(text)) // isDigest has looked
	return sum
}
