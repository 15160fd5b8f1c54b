package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Trusted are documents that the newsroom's own frontends send by their ids. None is nil.
type Trusted struct {
	mode      TrustedMode
	documents map[string]*ast.QueryDocument // by their ids, and by the digests of their texts
}

// TrustedMode says what else may be asked.
type TrustedMode string

const (
	// TrustedOpen takes any document.
	TrustedOpen TrustedMode = "open"
	// TrustedPrefer takes any document, and logs a warning for each that is not trusted.
	TrustedPrefer TrustedMode = "prefer"
	// TrustedOnly takes no other.
	TrustedOnly TrustedMode = "only"
)

func (t *Trusted) only() bool { return t != nil && t.mode == TrustedOnly }

// distrusts tells whether a document of this kind is worth a warning.
func (t *Trusted) distrusts(kind documentKind) bool {
	return t != nil && t.mode == TrustedPrefer && kind != trustedDocument
}

func (t *Trusted) byID(id string) *ast.QueryDocument {
	if t == nil {
		return nil
	}
	return t.documents[id]
}

func (t *Trusted) byText(text string) *ast.QueryDocument {
	if t == nil {
		return nil
	}
	return t.documents[textDigest(text)]
}

// LoadTrusted reads a manifest as Apollo, Relay or GraphQL Code Generator write it, or a directory of manifests and of
// documents (*.graphql), whose ids are their names without the ending. Each document can be named by its SHA-256, too.
// It fails if a document does not fit the schema or the limits, with the page sizes that its variables leave open taken to be
// the usual ones, and says which and why.
func LoadTrusted(path string, mode TrustedMode, limits Limits) (*Trusted, error) {
	loader := &trustedLoader{newDocuments(limits), make(map[string]string), &Trusted{mode, make(map[string]*ast.QueryDocument)}}
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return loader.load(file, file == path)
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("trusted documents: %w", err)
	case len(loader.into.documents) == 0:
		return nil, fmt.Errorf("trusted documents: there is none in %s: no manifest (*.json) and no document (*.graphql)", path)
	}
	return loader.into, nil
}

type trustedLoader struct {
	documents *documents
	texts     map[string]string // by their ids
	into      *Trusted
}

// load passes over other files, unless it is the one that was named.
func (l *trustedLoader) load(file string, named bool) error {
	ending := filepath.Ext(file)
	if !named && ending != ".json" && ending != ".graphql" && ending != ".gql" {
		return nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // whoever runs the server names it
	if err != nil {
		return err
	}
	texts := map[string]string{strings.TrimSuffix(filepath.Base(file), ending): string(text)}
	if ending != ".graphql" && ending != ".gql" {
		if texts, err = parseManifest(text); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	var all error
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		if err := l.add(id, texts[id]); err != nil {
			all = errors.Join(all, fmt.Errorf("%s: %s: %w", file, id, err))
		}
	}
	return all
}

func (l *trustedLoader) add(id, text string) error {
	document, problems := l.documents.check(text)
	if len(problems) > 0 {
		return problems
	}
	for _, operation := range document.Operations {
		if problem := l.documents.limits.refusePrice(newCost(nil).of(operation.SelectionSet)); problem != nil {
			return problem
		}
	}
	if other, taken := l.texts[id]; taken && other != text {
		return errors.New("two documents have this id")
	}
	l.texts[id] = text
	l.into.documents[id], l.into.documents[textDigest(text)] = document, document
	return nil
}

// parseManifest returns the documents' texts by their ids.
func parseManifest(text []byte) (map[string]string, error) {
	var apollo struct {
		Format     string
		Version    int
		Operations []struct{ ID, Body string }
	}
	if err := json.Unmarshal(text, &apollo); err == nil && apollo.Format != "" {
		if apollo.Format != "apollo-persisted-query-manifest" || apollo.Version != 1 {
			return nil, fmt.Errorf("the format %q, version %d, is not known; it has to be apollo-persisted-query-manifest, version 1", apollo.Format, apollo.Version)
		}
		texts := make(map[string]string, len(apollo.Operations))
		for _, operation := range apollo.Operations {
			texts[operation.ID] = operation.Body
		}
		return texts, nil
	}
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, errors.New("this is neither Apollo's manifest nor an object of documents by their ids, as Relay and GraphQL Code Generator write it")
	}
	return texts, nil
}
