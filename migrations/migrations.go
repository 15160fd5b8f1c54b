// Package migrations holds the database's schema as numbered steps, for goose.
package migrations

import "embed"

//go:embed *.sql
var Files embed.FS
